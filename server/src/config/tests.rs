use std::collections::BTreeSet;

use super::source::{KEYS, Kind};
use super::*;

fn load(file: Option<&str>, environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gatehouse.toml");
    let file = file.map(|text| {
        std::fs::write(&path, text).unwrap();
        path.clone()
    });
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let sources = Sources {
        file,
        environment: environment.iter().map(own).collect(),
        flags: flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
    };
    Config::load(&sources).map_err(|error| error.to_string())
}

fn refusal(file: Option<&str>, environment: &[(&str, &str)]) -> String {
    load(file, environment, &[]).expect_err("the settings are refused")
}

#[test]
fn defaults_need_no_source() {
    let config = load(None, &[], &[]).unwrap();
    assert_eq!(config.listen, ["127.0.0.1:8080".parse().unwrap()]);
    assert_eq!(config.go_api.rate_limit, 1000);
    assert_eq!(config.go_api.internal_networks.len(), 7);
    assert_eq!(config.limits.body_bytes, 1_048_576);
    assert_eq!(config.log_format(), LogFormat::Text);
    assert!(!config.shows_details());
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = "data_dir = 'file'\ndebug = true\n[go_api]\nrate_limit = 1\nallowed_origins = ['https://a.example']\n";
    let environment =
        [("GATEHOUSE_DATA_DIR", "environment"), ("GATEHOUSE_GO_API__RATE_LIMIT", "2"), ("OTHER_THING", "x")];
    let config = load(Some(file), &environment, &[("data_dir", "flag")]).unwrap();
    assert_eq!(config.data_dir, PathBuf::from("flag"));
    assert_eq!(config.go_api.rate_limit, 2);
    assert_eq!(config.go_api.allowed_origins, ["https://a.example"]);
    assert!(config.debug);
}

#[test]
fn listen_is_one_address_or_a_list() {
    let two: Vec<SocketAddr> = vec!["127.0.0.1:1".parse().unwrap(), "[::1]:2".parse().unwrap()];
    assert_eq!(load(Some("listen = '127.0.0.1:1'"), &[], &[]).unwrap().listen, two[..1]);
    assert_eq!(load(Some("listen = ['127.0.0.1:1', '[::1]:2']"), &[], &[]).unwrap().listen, two);
    assert_eq!(load(None, &[("GATEHOUSE_LISTEN", "127.0.0.1:1, [::1]:2")], &[]).unwrap().listen, two);
    assert!(refusal(Some("listen = []"), &[]).contains("`listen`"));
    assert!(refusal(Some("listen = 'localhost'"), &[]).contains("`listen`"));
}

#[test]
fn an_unknown_key_is_named() {
    assert!(refusal(Some("debug = true\nlisten_on = 'x'"), &[]).contains("line 2, `listen_on`"));
    assert!(refusal(Some("[go_api]\nrate = 5"), &[]).contains("`rate`"));
    assert!(refusal(Some("[other]\nx = 1"), &[]).contains("other"));
    for name in ["GATEHOUSE_RATE_LIMIT", "GATEHOUSE_GO_API_RATE_LIMIT", "GATEHOUSE_GO_API__RATE"] {
        assert!(refusal(None, &[(name, "5")]).contains(name));
    }
}

#[test]
fn a_wrong_type_is_told_with_its_key() {
    assert!(refusal(Some("\n[go_api]\nrate_limit = 'many'"), &[]).contains("line 3, `rate_limit`"));
    let said = refusal(None, &[("GATEHOUSE_GO_API__RATE_LIMIT", "many")]);
    assert_eq!(said, "GATEHOUSE_GO_API__RATE_LIMIT: must be a whole number");
    assert!(refusal(None, &[("GATEHOUSE_DEBUG", "yes")]).starts_with("GATEHOUSE_DEBUG: "));
    assert!(refusal(None, &[("GATEHOUSE_ENVIRONMENT", "test")]).starts_with("GATEHOUSE_ENVIRONMENT: "));
    assert!(refusal(None, &[("GATEHOUSE_TRUSTED_PROXIES", "10.0.0.0/33")]).starts_with("GATEHOUSE_TRUSTED_PROXIES: "));
    assert!(refusal(None, &[("GATEHOUSE_GO_API__RATE_LIMIT", "-1")]).starts_with("GATEHOUSE_GO_API__RATE_LIMIT: "));
}

#[test]
fn a_value_out_of_range_is_told_with_its_key() {
    for (name, value, key) in [
        ("GATEHOUSE_GO_API__RATE_LIMIT", "0", "go_api.rate_limit"),
        ("GATEHOUSE_GO_API__RATE_LIMIT", "4294967295", "go_api.rate_limit"),
        ("GATEHOUSE_LIMITS__BODY_BYTES", "0", "limits.body_bytes"),
        ("GATEHOUSE_GO_API__ALLOWED_ORIGINS", "https://a.example/path", "go_api.allowed_origins"),
        ("GATEHOUSE_DATABASE_URL", "oracle://x", "database_url"),
        ("GATEHOUSE_WECHAT__BASE_URL", "http://api.weixin.qq.com", "wechat.base_url"),
        ("GATEHOUSE_WECHAT__BASE_URL", "", "wechat.base_url"),
        ("GATEHOUSE_WECHAT__TIMEOUT", "0", "wechat.timeout"),
        ("GATEHOUSE_WECHAT__TIMEOUT", "61", "wechat.timeout"),
        ("GATEHOUSE_SMS__WEBHOOK_URL", "http://sms.example.com", "sms.webhook_url"),
        ("GATEHOUSE_SMS__WEBHOOK_URL", "ftp://127.0.0.1", "sms.webhook_url"),
        ("GATEHOUSE_SMS__TIMEOUT", "0", "sms.timeout"),
        ("GATEHOUSE_SMS__TIMEOUT", "301", "sms.timeout"),
        ("GATEHOUSE_SMTP__URL", "imap://example.com", "smtp.url"),
        ("GATEHOUSE_SMTP__URL", "smtp://example.com", "smtp.from"),
        ("GATEHOUSE_SMTP__FROM", "nobody", "smtp.from"),
        ("GATEHOUSE_SMTP__TIMEOUT", "0", "smtp.timeout"),
        ("GATEHOUSE_SMTP__TIMEOUT", "301", "smtp.timeout"),
    ] {
        assert!(refusal(None, &[(name, value)]).contains(&format!("`{key}`")), "{name}={value}");
    }
    for (name, value) in [
        ("GATEHOUSE_GO_API__RATE_LIMIT", "4000000000"),
        ("GATEHOUSE_WECHAT__BASE_URL", "http://127.0.0.1:1/wechat/"),
        ("GATEHOUSE_SMS__WEBHOOK_URL", "https://u:p@sms.example.com/send?key=x"),
    ] {
        load(None, &[(name, value)], &[]).unwrap();
    }
}

#[test]
fn redis_is_refused_with_the_reason() {
    let said = refusal(None, &[("GATEHOUSE_REDIS_URL", "redis://127.0.0.1")]);
    assert!(said.contains("`redis_url`") && said.contains("one instance only"), "{said}");
}

#[test]
fn a_password_is_never_printed() {
    let config = load(Some("database_url = 'postgres://u:hunter2@127.0.0.1/x'"), &[], &[]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    let sms = "[sms]\nwebhook_url = 'https://hunter1:hunter2@sms.example.com/?key=hunter3'";
    assert!(!format!("{:?}", load(Some(sms), &[], &[]).unwrap()).contains("hunter"));
    let mail = "[smtp]\nurl = 'smtp://hunter1:hunter2@127.0.0.1'\nfrom = 'a@example.com'";
    assert!(!format!("{:?}", load(Some(mail), &[], &[]).unwrap()).contains("hunter"));
    for file in [
        "[sms]\nwebhook_url = 'http://u:hunter2@sms.example.com'",
        "[sms]\nwebhook_url = ['hunter2']",
        "[smtp]\nurl = 'imap://u:hunter2@x'",
        "[smtp]\nurl = 'smtp://u:hunter2@x'",
        "[smtp]\nurl = 'smtp://u:hunter2@x?tls=maybe'",
        "[smtp]\nurl = ['smtp://u:hunter2@x']",
    ] {
        assert!(!refusal(Some(file), &[]).contains("hunter2"), "{file}");
    }
    for file in ["database_url = 'oracle://u:hunter2@x'", "database_url = ['hunter2']", "database_url = 'hunter2"] {
        assert!(!refusal(Some(file), &[]).contains("hunter2"), "{file}");
    }
}

#[test]
fn plain_addresses_are_networks_of_one() {
    let config = load(Some("trusted_proxies = ['192.0.2.1', '2001:db8::/32']"), &[], &[]).unwrap();
    assert_eq!(config.trusted_proxies, ["192.0.2.1/32".parse::<IpNet>().unwrap(), "2001:db8::/32".parse().unwrap()]);
}

#[test]
fn production_hides_details_and_logs_json() {
    let config = load(Some("environment = 'production'\ndebug = true"), &[], &[]).unwrap();
    assert!(!config.shows_details());
    assert_eq!(config.log_format(), LogFormat::Json);
}

#[test]
fn variables_of_the_tests_and_the_master_key_are_no_settings() {
    let reserved = [("GATEHOUSE_MASTER_KEY", "x"), ("GATEHOUSE_TEST_DATABASES", "sqlite"), ("GATEHOUSE_CONFIG", "x")];
    load(None, &reserved, &[]).unwrap();
}

/// The table of keys and the struct name the same settings: each key is taken by the struct, and the struct's own list
/// of fields, which it tells when asked for an unknown one, has no other.
#[test]
fn the_table_of_keys_is_complete() {
    for (key, kind) in KEYS {
        let value = match (*key, kind) {
            ("listen" | "ops.listen", _) => "127.0.0.1:1",
            ("environment", _) => "production",
            ("log_format", _) => "json",
            ("public_url", _) => "https://a.example",
            ("trusted_proxies" | "go_api.internal_networks", _) => "10.0.0.0/8",
            (_, Kind::Flag) => "true",
            (_, Kind::Number) => "9000",
            _ => "x",
        };
        let sources = Sources { flags: vec![(key, value.to_owned())], ..Sources::default() };
        sources.read().unwrap_or_else(|error| panic!("{key}: {error}"));
    }
    let mut known = BTreeSet::new();
    let sections =
        ["go_api", "edge_gateway", "coeus_gateway", "insight_auth", "wechat", "sms", "smtp", "ops", "limits"];
    for section in [""].iter().chain(&sections).copied() {
        let text = if section.is_empty() { "unknown = 1".to_owned() } else { format!("[{section}]\nunknown = 1") };
        let said = toml::from_str::<Config>(&text).unwrap_err().message().to_owned();
        let told = said.split('`').skip(3).step_by(2).map(|field| match section {
            "" => field.to_owned(),
            _ => format!("{section}.{field}"),
        });
        known.extend(told);
    }
    let listed: BTreeSet<_> = KEYS.iter().map(|(key, _)| (*key).to_owned()).collect();
    let sections = BTreeSet::from(sections.map(str::to_owned));
    assert_eq!(known.difference(&sections).cloned().collect::<BTreeSet<_>>(), listed);
}

#[test]
fn the_readme_has_every_key_with_its_default() {
    let readme = include_str!("../../../README.md");
    let settings = readme.split("\n## ").find(|section| section.starts_with("Settings\n")).unwrap();
    let rows = settings.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split('|').map(str::trim).collect()).collect();
    let keys: Vec<&str> = rows.iter().map(|row| row[1].trim_matches('`')).collect();
    assert_eq!(keys, KEYS.iter().map(|(key, _)| *key).collect::<Vec<_>>());
    let default = format!("{:?}", Config::default());
    for (key, row) in keys.iter().zip(&rows) {
        // A default in words is none that could be written down.
        if let Some(value) = row[2].strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
            let variable = format!("GATEHOUSE_{}", key.replace('.', "__").to_uppercase());
            let config = load(None, &[(&variable, value)], &[]).unwrap();
            assert_eq!(format!("{config:?}"), default, "{key}");
        }
    }
}

#[test]
fn mail_needs_authorities_that_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty.pem");
    std::fs::write(&empty, "no certificate").unwrap();
    for (path, said) in [(dir.path().join("missing.pem"), "cannot be read"), (empty, "holds no certificates")] {
        let settings = [("GATEHOUSE_SMTP__URL", "smtps://example.com"), ("GATEHOUSE_SMTP__FROM", "a@example.com")];
        let mut config = load(None, &settings, &[]).unwrap();
        config.smtp.ca_file = Some(path);
        let refusal = config.mail(Clock::system(), Random::system()).map(|_| ()).unwrap_err().to_string();
        assert!(refusal.contains("`smtp.ca_file`") && refusal.contains(said), "{refusal}");
    }
}
