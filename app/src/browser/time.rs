//! Moments, in the reader's own words and time zone.

use chrono::{DateTime, Utc};
use js_sys::{Date, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::JsValue;

use shared_crypto::format;

/// The reader's clock: only for wording, never for a decision.
pub fn now_ms() -> f64 {
    Date::now()
}

/// "today at 14:02", "tomorrow at 09:30", "on 22 November 2026 at 14:02".
pub fn moment(time: DateTime<Utc>) -> String {
    let date = local(time);
    let clock = format(
        &date,
        &[("hour", "2-digit"), ("minute", "2-digit")],
        Date::to_locale_time_string_with_options,
    );
    match days_from_today(&date) {
        0 => format!("today at {clock}"),
        1 => format!("tomorrow at {clock}"),
        -1 => format!("yesterday at {clock}"),
        _ => format!("on {} at {clock}", day(&date)),
    }
}

/// "22 November 2026 at 14:02 CET": for whoever reads it another day, somewhere else.
pub fn date(time: DateTime<Utc>) -> String {
    let date = local(time);
    let clock = [("hour", "2-digit"), ("minute", "2-digit"), ("timeZoneName", "short")];
    format!("{} at {}", day(&date), format(&date, &clock, Date::to_locale_time_string_with_options))
}

/// "in 23 hours", "5 minutes ago".
pub fn relative(time: DateTime<Utc>) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds of this century")]
    let now = (now_ms() / 1000.0) as i64;
    format::until(time.timestamp() - now)
}

fn local(time: DateTime<Utc>) -> Date {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are exact in 53 bits")]
    let milliseconds = time.timestamp_millis() as f64;
    Date::new(&JsValue::from_f64(milliseconds))
}

fn day(date: &Date) -> String {
    let options = [("day", "numeric"), ("month", "long"), ("year", "numeric")];
    format(date, &options, Date::to_locale_date_string)
}

fn format(
    date: &Date,
    options: &[(&str, &str)],
    to_string: impl Fn(&Date, &str, &JsValue) -> js_sys::JsString,
) -> String {
    let object = Object::new();
    for (key, value) in options {
        // A fresh object takes every property.
        drop(Reflect::set(&object, &JsValue::from_str(key), &JsValue::from_str(value)));
    }
    let locale = window().navigator().language().unwrap_or_else(|| "en".to_owned());
    String::from(to_string(date, &locale, &object))
}

/// Midnights between today and that day.
fn days_from_today(date: &Date) -> i32 {
    let midnight = |date: &Date| {
        let date = Date::new(date);
        date.set_hours(0);
        date.set_minutes(0);
        date.set_seconds(0);
        date.set_milliseconds(0);
        date.get_time()
    };
    let days = (midnight(date) - midnight(&Date::new_0())) / 86_400_000.0;
    #[expect(clippy::cast_possible_truncation, reason = "a small number of days")]
    let days = days.round() as i32;
    days
}
