//! A body that runs a function at its end.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, SizeHint};

/// Passes on a body, and calls `on_end` once its last frame was read. If it is dropped before, `on_end` is dropped
/// without a call.
///
/// The combinators of `http_body_util` map frames and errors, and none of them sees the end of a body.
pub(crate) struct WatchedBody<B, F> {
    body: B,
    on_end: Option<F>,
}

impl<B, F> WatchedBody<B, F> {
    pub(crate) const fn new(body: B, on_end: F) -> Self {
        Self { body, on_end: Some(on_end) }
    }
}

impl<B: Body + Unpin, F: FnOnce() + Unpin> Body for WatchedBody<B, F> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        let is_end = matches!(frame, Poll::Ready(None)) || (frame.is_ready() && self.body.is_end_stream());
        if is_end && let Some(on_end) = self.on_end.take() {
            on_end();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
