//! Logins with WeChat: a code from WeChat tells whose WeChat account it is, and the account is bound to a user once that
//! user has proven a phone number.

mod client;

pub use super::remote::check_address;
pub use client::Place;

/// What WeChat tells of one of its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The same for every application of one owner.
    pub union_id: String,
    /// The id in this application.
    pub open_id: String,
    /// The name that people see.
    pub nickname: String,
    /// 1 male, 2 female, 0 unknown.
    pub sex: i32,
    /// Country.
    pub country: String,
    /// Province.
    pub province: String,
    /// City.
    pub city: String,
    /// The address of a picture, or nothing.
    pub head_img_url: String,
    /// What WeChat grants the user.
    pub privilege: Vec<String>,
    /// The language of the names of places.
    pub language: Option<String>,
}
