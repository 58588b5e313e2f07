use std::str::FromStr;

use leptos::prelude::*;

/// One of a few numbers, each said in words.
#[component]
pub(super) fn Choice<T>(
    id: &'static str,
    label: &'static str,
    value: RwSignal<T>,
    options: Vec<T>,
    say: fn(T) -> String,
) -> impl IntoView
where
    T: Copy + PartialEq + FromStr + ToString + Send + Sync + 'static,
{
    let options = options.into_iter().map(|option| {
        view! { <option value=option.to_string() selected=option == value.get_untracked()>{say(option)}</option> }
    });
    let choose = move |event| {
        if let Ok(option) = event_target_value(&event).parse() {
            value.set(option);
        }
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select id=id on:change=choose>{options.collect_view()}</select>
        </div>
    }
}
