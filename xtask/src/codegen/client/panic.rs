//! Runs progenitor so that none of its panics surfaces. The view keeps it from panicking; this is the belt to those
//! braces, and finds the operation to blame.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use proc_macro2::TokenStream;
use progenitor_impl::{GenerationSettings, Generator};
use serde_json::Value;

use super::Refusal;
use super::view::View;

thread_local! {
    /// Whether a panic of this thread is caught here, and told by whoever asked, in our own words. The hook that would
    /// print it is the process's, and other threads generate at the same time.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// progenitor's code for the whole view, or the first operation that it cannot take and what it said.
pub(super) fn guarded(file: &str, view: &View, settings: &GenerationSettings) -> Result<TokenStream, Refusal> {
    let reason = match attempt(&view.document, settings) {
        Ok(tokens) => return Ok(tokens),
        Err(reason) => reason,
    };
    for operation in &view.operations {
        let mut alone = view.document.clone();
        alone["paths"] = Value::Object(serde_json::Map::from_iter([(
            operation.view_path.clone(),
            Value::Object(serde_json::Map::from_iter([(
                operation.verb.clone(),
                view.document["paths"][&operation.view_path][&operation.verb].clone(),
            )])),
        )]));
        if let Err(reason) = attempt(&alone, settings) {
            return Err(refusal(file, &operation.pointer, &reason));
        }
    }
    Err(refusal(file, "#", &reason))
}

fn refusal(file: &str, pointer: &str, reason: &str) -> Refusal {
    Refusal::new(file, pointer, format!("the client cannot be generated: {reason}"))
}

fn attempt(view: &Value, settings: &GenerationSettings) -> Result<TokenStream, String> {
    let document: openapiv3::OpenAPI = serde_json::from_value(view.clone()).map_err(|error| error.to_string())?;
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                hook(panic);
            }
        }));
    });
    QUIET.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(|| Generator::new(settings).generate_tokens(&document)));
    QUIET.set(false);
    match outcome {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(payload) => Err(payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "progenitor gave up".to_owned())),
    }
}
