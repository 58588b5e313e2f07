//! Servers that start together.

use crate::common::{Bed, Sample};

suite! { servers_that_start_together_on_a_fresh_database_all_come_up }

async fn servers_that_start_together_on_a_fresh_database_all_come_up(bed: &Bed) {
    for _ in 0..10 {
        let database = bed.database.another().await;
        let (one, two) = tokio::join!(database.connect(), database.connect());
        let sample = Sample::new(1);
        one.create(sample.request()).await.unwrap();
        assert_eq!(two.reveal(sample.attempt()).await.unwrap(), sample.granted(0));
        one.close().await;
        two.close().await;
        database.remove().await;
    }
}
