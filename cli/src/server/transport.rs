//! Lets an answer be read that arrives in place of `100 Continue`.
//!
//! ureq 3.5 looks at such an answer, leaves it in its buffer, and then waits for more input before it parses what is
//! there: until the server closes the connection, which may be after the timeout.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Wraps every connection in [`KeepsInput`].
#[derive(Debug)]
pub(super) struct KeepsInputConnector;

impl<In: Transport> Connector<In> for KeepsInputConnector {
    type Out = KeepsInput<In>;

    fn connect(&self, _: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| KeepsInput { inner, offered: 0 }))
    }
}

/// A connection that offers input once more that was looked at and not consumed, before it waits for more.
#[derive(Debug)]
pub(super) struct KeepsInput<T> {
    inner: T,
    /// The length of the input that was offered again.
    offered: usize,
}

impl<T: Transport> Transport for KeepsInput<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.offered = 0;
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let length = self.inner.buffers().input().len();
        if length != self.offered {
            self.offered = length;
            if length > 0 {
                return Ok(true);
            }
        }
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
