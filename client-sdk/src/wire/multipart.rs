//! `multipart/form-data` (RFC 7578) from the JSON object that a generated method wrote as its body.

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Request};
use serde_json::{Map, Value};

/// Replaces the request's JSON body by one part for each of its members.
///
/// # Errors
///
/// If the body is no JSON object, or a member is an object or a list.
pub(super) fn encode(request: &mut Request) -> Result<(), String> {
    let body = request.body().and_then(Body::as_bytes).unwrap_or_default();
    let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|_| "the body is no JSON object")?;
    let mut parts = Vec::with_capacity(fields.len());
    for (name, value) in &fields {
        match value {
            // An optional field that is not there.
            Value::Null => {}
            Value::String(text) => parts.push((name, text.clone())),
            Value::Bool(_) | Value::Number(_) => parts.push((name, value.to_string())),
            Value::Array(_) | Value::Object(_) => return Err(format!("`{name}` is no scalar")),
        }
    }
    let boundary = boundary(&parts);
    let mut text = String::new();
    for (name, value) in &parts {
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        text.push_str(&format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    text.push_str(&format!("--{boundary}--\r\n"));
    let media_type = format!("multipart/form-data; boundary={boundary}");
    let media_type = HeaderValue::try_from(media_type).map_err(|_| "the boundary does not fit into a header")?;
    request.headers_mut().insert(CONTENT_TYPE, media_type);
    *request.body_mut() = Some(text.into());
    Ok(())
}

/// A boundary that no part contains.
fn boundary(parts: &[(&String, String)]) -> String {
    let mut number = 0_u32;
    loop {
        let boundary = format!("part-of-form-{number}");
        if !parts.iter().any(|(name, value)| name.contains(&boundary) || value.contains(&boundary)) {
            return boundary;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(body: &str) -> Result<(String, String), String> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client.post("http://127.0.0.1/").body(body.to_owned()).build().unwrap();
        encode(&mut request)?;
        let body = request.body().and_then(Body::as_bytes).unwrap().to_vec();
        let media_type = request.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        Ok((media_type, String::from_utf8(body).unwrap()))
    }

    #[test]
    fn each_member_is_a_part() {
        let (media_type, body) = encoded(r#"{"name":"a\"b","size":3,"none":null}"#).unwrap();
        assert_eq!(media_type, "multipart/form-data; boundary=part-of-form-0");
        assert_eq!(
            body,
            "--part-of-form-0\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na\"b\r\n\
             --part-of-form-0\r\nContent-Disposition: form-data; name=\"size\"\r\n\r\n3\r\n--part-of-form-0--\r\n"
        );
    }

    #[test]
    fn the_boundary_is_in_no_value() {
        let (media_type, _) = encoded(r#"{"name":"\r\n--part-of-form-0--\r\n"}"#).unwrap();
        assert_eq!(media_type, "multipart/form-data; boundary=part-of-form-1");
    }

    #[test]
    fn a_list_is_refused() {
        assert_eq!(encoded(r#"{"names":["a"]}"#).unwrap_err(), "`names` is no scalar");
    }
}
