//! Request headers of browsers. Without them, a server could treat this program differently.

/// Path of the worker's script.
pub(super) const WORKER_PATH: &str = "/worker.js";

/// The request headers of a browser.
pub(super) struct Browser {
    /// Its name in messages.
    pub name: &'static str,
    user_agent: &'static str,
    language: &'static str,
    encodings: &'static str,
    page: &'static str,
    image: &'static str,
    hints: &'static [(&'static str, &'static str)],
}

const CHROME: Browser = Browser {
    name: "Chrome",
    user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    language: "en-US,en;q=0.9",
    encodings: "gzip, deflate, br, zstd",
    page: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    image: "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    hints: &[
        ("sec-ch-ua", "\"Chromium\";v=\"142\", \"Google Chrome\";v=\"142\", \"Not_A Brand\";v=\"99\""),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-ch-ua-platform", "\"Windows\""),
    ],
};

/// The browsers as which everything is requested. The last two stand for browsers behind a proxy that removes
/// encodings.
pub(super) const BROWSERS: [Browser; 5] = [
    CHROME,
    Browser {
        name: "Firefox",
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        language: "en-US,en;q=0.5",
        page: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        image: "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
        hints: &[],
        ..CHROME
    },
    Browser {
        name: "Safari on a phone",
        user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
        encodings: "gzip, deflate, br",
        page: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        image: "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
        hints: &[],
        ..CHROME
    },
    Browser { name: "Chrome without Brotli", encodings: "gzip, deflate", ..CHROME },
    Browser { name: "Chrome without compression", encodings: "identity", ..CHROME },
];

impl Browser {
    /// Returns whether the browser accepts an encoding.
    pub(super) fn accepts(&self, encoding: &str) -> bool {
        self.encodings.split(", ").any(|accepted| accepted == encoding)
    }

    /// Returns the headers of a request for a page, or for a file that a page loads.
    pub(super) fn headers(&self, path: &str, is_page: bool) -> Vec<(&'static str, &'static str)> {
        let (destination, mode, accept) = match path.rsplit_once('.') {
            _ if is_page => ("document", "navigate", self.page),
            _ if path == WORKER_PATH => ("worker", "same-origin", "*/*"),
            Some((_, "js")) => ("script", "cors", "*/*"),
            Some((_, "css")) => ("style", "no-cors", "text/css,*/*;q=0.1"),
            Some((_, "svg" | "png" | "ico")) => ("image", "no-cors", self.image),
            _ => ("empty", "cors", "*/*"),
        };
        let mut headers = vec![
            ("user-agent", self.user_agent),
            ("accept", accept),
            ("accept-language", self.language),
            ("accept-encoding", self.encodings),
            ("sec-fetch-dest", destination),
            ("sec-fetch-mode", mode),
            ("sec-fetch-site", if is_page { "none" } else { "same-origin" }),
        ];
        headers.extend(self.hints);
        if is_page {
            headers.extend([("sec-fetch-user", "?1"), ("upgrade-insecure-requests", "1")]);
        }
        headers
    }
}
