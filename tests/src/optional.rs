//! Programs that a test needs and that not every machine has.
//!
//! `GATEHOUSE_TEST_REQUIRE` names those that must be there, a list out of `browser`, `curl`, `databases`, `node` and
//! `python`. A test for which something else is missing says so and passes.

/// Whether a test can run, `there` being whether what it needs was found.
///
/// # Panics
/// If it was not, though `GATEHOUSE_TEST_REQUIRE` names it.
pub fn is_there(name: &str, there: bool) -> bool {
    if !there {
        let required = std::env::var("GATEHOUSE_TEST_REQUIRE").unwrap_or_default();
        assert!(required.split(',').all(|one| one.trim() != name), "{name} is required here, and is missing");
        eprintln!("left out: a test that needs {name}, which is missing");
    }
    there
}
