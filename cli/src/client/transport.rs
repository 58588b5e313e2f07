//! A workaround for ureq 3.5.2: makes a response readable that arrives instead of `100 Continue`.
//!
//! A request with `Expect: 100-continue` waits for an interim response before it sends its body. A server may answer
//! with the final response instead, for example with 413. ureq reads that response into its input buffer, sees that it
//! is not `100 Continue`, and leaves it there. To read the final response, it then calls `await_input`, which blocks
//! for *more* input although the whole response is in the buffer. It returns only when the server closes the
//! connection or the timeout has passed, and the response is lost in the second case.
//!
//! The wrapper in this module lets `await_input` return at once if the buffer holds input that was not offered before.
//! It can be removed when ureq parses the buffer before it waits. The tests in `tests/large_bodies.rs` show whether it
//! does.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Wraps every connection in a [`BufferedInputTransport`].
#[derive(Debug)]
pub(super) struct BufferedInputConnector;

impl<In: Transport> Connector<In> for BufferedInputConnector {
    type Out = BufferedInputTransport<In>;

    fn connect(&self, _: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|inner| BufferedInputTransport { inner, offered_len: 0 }))
    }
}

/// A connection that offers buffered input to the caller once more before it waits for new input.
#[derive(Debug)]
pub(super) struct BufferedInputTransport<T> {
    inner: T,
    /// Length of the buffered input that was last offered. Input of the same length is not offered twice: the caller
    /// could not use it, and needs more.
    offered_len: usize,
}

impl<T: Transport> Transport for BufferedInputTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.offered_len = 0;
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let buffered_len = self.inner.buffers().input().len();
        if buffered_len != self.offered_len {
            self.offered_len = buffered_len;
            if buffered_len > 0 {
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
