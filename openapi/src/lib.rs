//! Gatehouse interface.
