//! Settings of the HTTP server: the addresses under which browsers reach it.

use clap::Args;
use url::Url;

/// How this server is reached.
#[derive(Debug, Clone, Args)]
pub struct HttpSettings {
    /// The address under which browsers reach this server, like `https://secrets.example.org`; several with commas
    /// between them. The first is the canonical one, for links and the sitemap. Pages under any of them may call the
    /// API, also where a proxy changes `Host`.
    #[arg(long = "public-url", env = "IKRYPT_PUBLIC_URL", value_name = "URL", value_delimiter = ',', value_parser = parse_origin)]
    pub public_urls: Vec<String>,
}

impl HttpSettings {
    /// The canonical public URL.
    pub(crate) fn canonical_url(&self) -> Option<&str> {
        self.public_urls.first().map(String::as_str)
    }
}

/// Parses `scheme://host:port` and returns it as a browser writes it in `Origin`: lower case, without a default port.
pub(crate) fn parse_origin(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("begin with https:// or http://, and name a host".to_owned());
    }
    let has_user = !url.username().is_empty() || url.password().is_some();
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || has_user {
        return Err("give only scheme, host and port: nothing may stand behind them".to_owned());
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::config::Config;

    #[test]
    fn public_url_is_an_origin() {
        assert_eq!(parse_origin("https://secrets.example.org/"), Ok("https://secrets.example.org".to_owned()));
        assert_eq!(parse_origin("https://Secrets.Example:443"), Ok("https://secrets.example".to_owned()));
        assert_eq!(parse_origin("http://localhost:3000"), Ok("http://localhost:3000".to_owned()));
        for wrong in [
            "secrets.example.org",
            "ftp://x",
            "https://x/path",
            "https://u@x",
            "https://:pw@x",
            "https://x/?q",
            "https://x/#f",
            "null",
            "",
        ] {
            assert!(parse_origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn several_public_urls_are_given_with_commas_or_flags_and_the_first_is_canonical() {
        let read = |args: &[&str]| {
            Config::try_parse_from([&["ikrypt-server"], args].concat()).map(|config| config.http)
        };
        let both = ["https://a.example", "http://b.example:8080"];
        for args in [
            &["--public-url", "https://a.example,http://b.example:8080"][..],
            &["--public-url", "https://A.example/, http://b.example:8080/"],
            &["--public-url", "https://a.example:443", "--public-url", "http://b.example:8080"],
        ] {
            let http = read(args).unwrap();
            assert_eq!(http.public_urls, both, "{args:?}");
            assert_eq!(http.canonical_url(), Some(both[0]));
        }
        assert_eq!(read(&[]).unwrap().canonical_url(), None);
        assert!(read(&["--public-url", "https://a.example,b.example"]).is_err());
    }
}
