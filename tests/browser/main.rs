//! Swagger UI in a headless browser.
