//! The graceful stop of ACCEPTANCE 20.

use futures::future::join_all;

use super::{Site, create_body, sealed};
use crate::common::Bed;

suite! { requests_in_flight_are_answered_when_the_server_stops }

async fn requests_in_flight_are_answered_when_the_server_stops(bed: &Bed) {
    let site = Site::start(bed).await;
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let body = create_body(&sealed(), 1).to_string();
            site.post("create").header("content-type", "application/json").body(body).send()
        })
        .collect();
    let answers = tokio::spawn(join_all(requests));
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    site.stop().await.unwrap();
    for answer in answers.await.unwrap() {
        // Either it was taken and answered whole, or it never reached the server.
        match answer {
            Ok(answer) => assert_eq!(answer.status(), 201),
            Err(error) => assert!(error.is_connect() || error.is_request(), "{error:?}"),
        }
    }
}
