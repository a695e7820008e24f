//! Journeys: whole uses of the product, by the clients that people use.
