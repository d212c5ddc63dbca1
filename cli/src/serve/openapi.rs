//! The description of the API. The routes describe themselves (api.rs); what they take and answer is described by
//! schemas.json, and a test in tests/serve.rs holds that to what the library reads and writes.

use countenance::PipelineOptions;
use serde_json::{Map, Value, json};

use super::Limits;

/// The description as JSON, from what the routes say of themselves.
pub(super) fn describe(routes: impl serde::Serialize, limits: &Limits, has_keys: bool) -> serde_json::Result<String> {
    let mut schemas: Map<String, Value> = serde_json::from_str(include_str!("schemas.json"))?;
    let defaults = serde_json::to_value(PipelineOptions::default())?;
    let options = &mut schemas["Options"]["properties"];
    for (name, option) in options.as_object_mut().into_iter().flatten() {
        option["default"] = shortest(&defaults[name]);
    }
    let options = options.clone();
    let face = json!({
        "box": { "$ref": "#/components/schemas/Box", "description": "Which face: its box, as an answer states it." },
        "roll": { "type": "number", "default": 0, "description": "The face's roll, as an answer states it." },
    });

    let mut api = serde_json::to_value(routes)?;
    api["info"] = json!({
        "title": "Countenance",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Reads the expression that faces in pictures display. No picture is stored or logged.",
        "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
    });
    api["components"]["schemas"] = schemas.into();
    if has_keys {
        api["components"]["securitySchemes"]["key"] = json!({ "type": "http", "scheme": "bearer" });
    }
    for (path, item) in api["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let mut failures = vec![];
            if method == "post" {
                let mut fields = options.clone();
                if path == "/v1/explain" {
                    merge(&mut fields, &face);
                }
                operation["parameters"] = parameters(&fields);
                operation["requestBody"] = body(&fields, limits);
                failures.extend([
                    ("400", "The request cannot be parsed"),
                    ("408", "The request did not arrive in time"),
                    ("413", "The request or a picture is over a limit"),
                    ("415", "The body is of another type"),
                    ("422", "The picture is missing or cannot be read, or an option is not valid"),
                    ("500", "The picture could not be read for a reason inside of the server"),
                ]);
            }
            if has_keys && (method == "post" || path == "/metrics") {
                operation["security"] = json!([{ "key": [] }]);
                failures.push(("401", "There is no valid key"));
            }
            if method == "post" || path == "/ready" {
                failures.push(("503", "Starting, stopping or overloaded: try again after `Retry-After`"));
            }
            for (status, description) in failures {
                operation["responses"][status] = json!({
                    "description": description,
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Failure" } } },
                });
            }
        }
    }
    serde_json::to_string_pretty(&api)
}

/// A number of 32 bits without the digits that it gets when it is widened.
fn shortest(value: &Value) -> Value {
    let number = value.as_f64().filter(|_| value.is_f64());
    number.and_then(|number| (number as f32).to_string().parse().ok()).unwrap_or_else(|| value.clone())
}

fn merge(into: &mut Value, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        into[name] = value.clone();
    }
}

/// Each field may be given in the query.
fn parameters(fields: &Value) -> Value {
    let parameters = fields.as_object().into_iter().flatten().map(|(name, schema)| {
        let described = json!({ "name": name, "in": "query", "required": false, "description": schema["description"] });
        let mut parameter = described;
        if name == "box" {
            parameter["content"] = json!({ "application/json": { "schema": { "$ref": schema["$ref"] } } });
        } else {
            parameter["schema"] = schema.clone();
        }
        parameter
    });
    parameters.collect()
}

/// Forms, JSON and bare bytes.
fn body(fields: &Value, limits: &Limits) -> Value {
    let with = |image: Value| {
        let mut properties = json!({
            "image": image,
            "images": { "type": "array", "items": image, "minItems": 1, "maxItems": limits.max_pictures },
        });
        merge(&mut properties, fields);
        let either = [json!({ "required": ["image"] }), json!({ "required": ["images"] })];
        json!({ "type": "object", "properties": properties, "anyOf": either, "additionalProperties": false })
    };
    let bytes = json!({ "type": "string", "format": "binary", "contentMediaType": "image/*" });
    let base64 =
        json!({ "type": "string", "contentEncoding": "base64", "description": "A data: URL may be given too." });
    let most = limits.max_bytes;
    json!({
        "required": true,
        "description": format!("JPEG, PNG, WebP or GIF files, recognised by their bytes; {most} bytes in all at most."),
        "content": {
            "multipart/form-data": { "schema": with(bytes.clone()) },
            "application/json": { "schema": with(base64) },
            "image/*": { "schema": bytes.clone() },
            "application/octet-stream": { "schema": bytes },
        },
    })
}
