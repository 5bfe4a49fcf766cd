use std::collections::BTreeSet;

use base64::prelude::{BASE64_STANDARD, Engine};
use secrecy::ExposeSecret;

use super::setting::{Kind, SETTINGS};
use super::*;

/// The example key of RFC 8410: its seed, and the same as PEM.
const KEY: &str = "1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=";
const OTHER_KEY: &str = "Hk3vQ0xZ7pYw1mNc5tRb9sUe2jLfGdAoKiVhWqXyTzE=";
const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

type Env = Vec<(String, String)>;

/// `NAME=value` per item.
fn env(settings: &[&str]) -> Env {
    let pair = |text: &&str| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    settings.iter().filter_map(pair).collect()
}

/// A production that starts, with some settings given differently or, as `-NAME`, not at all.
fn production(changes: &[&str]) -> Env {
    let seal = format!("SEAL_KEY={OTHER_KEY}");
    let signing = format!("JWT_SIGNING_KEY={KEY}");
    let mut all = env(&[
        "APP_ENV=production",
        "DATABASE_URL=postgres://app:secret@db/app",
        "PUBLIC_URL=https://baitoanlon.example.vn",
        "SMTP_URL=smtps://mailer:secret@mail.example.vn",
        "MAIL_FROM=Bài Toán Lớn <no-reply@example.vn>",
        &signing,
        &seal,
    ]);
    let named = |change: &str| change.trim_start_matches('-').split('=').next().map(str::to_owned);
    let replaced: BTreeSet<_> = changes.iter().filter_map(|change| named(change)).collect();
    all.retain(|(name, _)| !replaced.contains(name));
    all.extend(env(changes));
    all
}

fn load(env: Env) -> Result<Config, ConfigError> {
    Config::from_sources(None, env)
}

#[test]
fn nothing_given_is_a_complete_development() {
    let config = load(Vec::new()).unwrap();
    assert_eq!(config.environment, Environment::Development);
    assert_eq!(config.database.url().expose_secret(), "sqlite://data/baitoanlon.db?mode=rwc");
    assert_eq!(config.listen_addr.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url.as_str(), "http://localhost:8080/");
    assert!(matches!(&config.mail, MailOutlet::Directory(path) if path.ends_with("data/mail")));
    assert_eq!(config.mail_from.to_string(), "\"Bài Toán Lớn\" <no-reply@localhost>");
    assert_eq!(config.storage, Storage::Directory("data/files".into()));
    assert_eq!(config.log_format, LogFormat::Text);
    assert_eq!(config.access_token_life, Duration::from_mins(10));
    assert_eq!(config.refresh_token_idle, Duration::from_hours(7 * 24));
    assert_eq!(config.one_time_token_life, Duration::from_hours(1));
    assert_eq!((config.database_connections, config.max_connections), (10, 1024));
    assert!(config.cors_origins.is_empty() && config.trusted_proxies.is_empty());
    assert!(config.demo_data);
    assert_eq!(config.demo_password.unwrap().expose_secret(), "bai-toan-lon-demo");
}

#[test]
fn production_with_what_it_requires_starts() {
    let config = load(production(&[])).unwrap();
    assert_eq!(config.environment, Environment::Production);
    assert_eq!(config.log_format, LogFormat::Json);
    assert!(!config.demo_data);
    assert!(config.demo_password.is_none());
    assert!(matches!(&config.mail, MailOutlet::Smtp(url)
        if url.expose_secret() == "smtps://mailer:secret@mail.example.vn"));
    assert_eq!(config.keys.signing.current.expose().as_slice(), BASE64_STANDARD.decode(KEY).unwrap());
    assert_eq!(config.keys.seal.current.expose().as_slice(), BASE64_STANDARD.decode(OTHER_KEY).unwrap());
}

#[test]
fn every_good_value_is_taken() {
    for setting in [
        "DATABASE_URL=sqlite:app.db",
        "DATABASE_URL=sqlite:///var/lib/app/app.db?mode=rwc",
        "DATABASE_URL=postgresql://app@[::1]:5433/app?sslmode=verify-full",
        "DATABASE_URL=postgres:///app?host=/run/postgresql",
        "LISTEN_ADDR=[::]:80",
        "PUBLIC_URL=https://example.vn/baitoanlon",
        "CORS_ORIGINS=http://localhost:3000, https://app.example.vn",
        "TRUSTED_PROXIES=10.0.0.1,::1",
        "STORAGE_URL=file:///var/lib/app/files",
        "STORAGE_URL=file:files",
        "SCANNER_URL=tcp://127.0.0.1:3310",
        "SCANNER_URL=unix:/run/clamd.sock",
        "LOG_LEVEL=warn,app=debug,server::config=trace",
        "LOG_LEVEL=off",
        "ACCESS_TOKEN_SECONDS=1",
        "DEMO_DATA=false",
        "DEMO_PASSWORD=mật khẩu thử",
        // somebody else's
        "HOME=/root",
        "LANG=",
        "TEST_DATABASE_URL=sqlite::memory:",
        "APP_KEY=1",
    ] {
        if let Err(error) = load(env(&[setting])) {
            panic!("{setting} is refused: {error}");
        }
    }
}

#[test]
fn urls_are_brought_into_one_form() {
    let config = load(env(&[
        "PUBLIC_URL=https://example.vn/app",
        "CORS_ORIGINS=https://APP.example.vn:443/,http://localhost:3000",
        "DATABASE_URL=sqlite:/var/app.db",
    ]))
    .unwrap();
    assert_eq!(
        config.public_url.join("verify?token=t").unwrap().as_str(),
        "https://example.vn/app/verify?token=t"
    );
    assert_eq!(config.cors_origins, ["https://app.example.vn", "http://localhost:3000"]);
    assert_eq!(config.database.url().expose_secret(), "sqlite:///var/app.db?mode=rwc");
}

#[test]
fn what_is_taken_for_mail_can_be_mailed_with() {
    for url in [
        "smtp://localhost:1025",
        "smtp://user:p%40ss@mail.example.vn?tls=required",
        "smtp://127.0.0.1?tls=opportunistic",
        "smtp://[::1]:25?tls=none",
        "smtps://user:pass@mail.example.vn:465/",
    ] {
        let config = load(vec![("SMTP_URL".into(), url.into())]).unwrap();
        let MailOutlet::Smtp(url) = config.mail else { panic!("{url} is no mail server") };
        notify::Transport::from_url(&url.expose_secret().parse().unwrap(), config.mail_timeout).unwrap();
    }
    for (from, header) in [
        ("no-reply@example.vn", "no-reply@example.vn"),
        ("<no-reply@example.vn>", "no-reply@example.vn"),
        ("Bài Toán Lớn <no-reply@localhost>", "\"Bài Toán Lớn\" <no-reply@localhost>"),
        ("\"Sở KH&CN, Đà Nẵng\" <a.b+c@mail.example.vn>", "\"Sở KH&CN, Đà Nẵng\" <a.b+c@mail.example.vn>"),
    ] {
        let sender = load(vec![("MAIL_FROM".into(), from.into())]).unwrap().mail_from;
        assert_eq!(sender.to_string(), header);
        notify::Sender::parse(header).unwrap();
    }
}

/// What is refused in development: `NAME=value`. The name is in the message, the value is not.
const BAD: &[&str] = &[
    "APP_ENV=canary-staging",
    "APP_ENV=Production ",
    "DATABASE_URL=mysql://canary@db/app",
    "DATABASE_URL=sqlite:",
    "DATABASE_URL=sqlite::memory:",
    "DATABASE_URL=sqlite://canary.db?mode=memory",
    "DATABASE_URL=postgres://app:canary@db",
    "DATABASE_URL=postgres://app:canary@db:port/app",
    "DATABASE_URL=postgres:///canary",
    "DATABASE_CONNECTIONS=1",
    "DATABASE_CONNECTIONS=201",
    "LISTEN_ADDR=8080",
    "LISTEN_ADDR=canary.example.vn:8080",
    "PUBLIC_URL=canary.example.vn",
    "PUBLIC_URL=ftp://canary.example.vn",
    "PUBLIC_URL=https://canary:canary@example.vn",
    "PUBLIC_URL=https://example.vn/?canary",
    "PUBLIC_URL=https://example.vn/#canary",
    "CORS_ORIGINS=*",
    "CORS_ORIGINS=https://canary.example.vn/path",
    "CORS_ORIGINS=https://canary.example.vn,,",
    "TRUSTED_PROXIES=canary.example.vn",
    "TRUSTED_PROXIES=10.0.0.0/8",
    "MAX_CONNECTIONS=0",
    "REQUEST_TIMEOUT_SECONDS=11",
    "REQUEST_TIMEOUT_SECONDS=10s",
    "SHUTDOWN_SECONDS=-1",
    "SHUTDOWN_SECONDS=21",
    "SMTP_URL=canary.example.vn:25",
    "SMTP_URL=http://canary.example.vn",
    "SMTP_URL=smtp://canary.example.vn?tls=no",
    "SMTP_URL=smtp://canary.example.vn:99999",
    "SMTP_URL=smtp://canary@mail.example.vn",
    "SMTP_URL=smtps://",
    "SMTP_URL=smtps://mail.example.vn/canary",
    "MAIL_FROM=Bài Toán Lớn",
    "MAIL_FROM=canary@",
    "MAIL_FROM=canary..canary@example.vn",
    "MAIL_FROM=canary@-example.vn",
    "MAIL_FROM=canary@exa mple.vn",
    "MAIL_FROM=Canary <canary@example.vn",
    "MAIL_FROM=Canary\r\nBcc: x <canary@example.vn>",
    "DKIM_PRIVATE_KEY=canary",
    "DKIM_PRIVATE_KEY=-----BEGIN PRIVATE KEY-----\\nY2FuYXJ5\\n-----END PRIVATE KEY-----",
    "DKIM_PRIVATE_KEY=-----BEGIN RSA PRIVATE KEY-----\\nY2FuYXJ5\\n-----END RSA PRIVATE KEY-----",
    "DKIM_PRIVATE_KEY=-----BEGIN EC PRIVATE KEY-----\\nY2FuYXJ5\\n-----END EC PRIVATE KEY-----",
    "DKIM_SELECTOR=canary._domainkey",
    "DKIM_SELECTOR=canary,",
    "DKIM_DOMAIN=canary@example.vn",
    "MAIL_RETRY_BASE_SECONDS=0",
    "MAIL_TIMEOUT_SECONDS=121",
    "MAIL_LEASE_SECONDS=30",
    "MAIL_LEASE_SECONDS=601",
    "MAIL_PER_DOMAIN_MINUTE=100001",
    "WEBHOOK_ALLOWED_NETS=10.0.0.1",
    "WEBHOOK_ALLOWED_NETS=10.0.0.1/8",
    "WEBHOOK_ALLOWED_NETS=10.0.0.0/33",
    "WEBHOOK_ALLOWED_NETS=canary.example.vn/24",
    "SCHEDULE_SECONDS=0",
    "STANDSTILL_DAYS=91",
    "JWT_SIGNING_KEY=canary",
    "JWT_SIGNING_KEY=Y2FuYXJ5LXRvby1zaG9ydA==",
    "JWT_SIGNING_KEY=1O5y2/kTWErVttjx92n4rTr+fCjL8dT74Jeoj0R1WEI=,",
    "JWT_SIGNING_KEY=-----BEGIN PRIVATE KEY-----\\nY2FuYXJ5\\n-----END PRIVATE KEY-----",
    "JWT_SIGNING_KEY=-----BEGIN RSA PRIVATE KEY-----\\nY2FuYXJ5\\n-----END RSA PRIVATE KEY-----",
    "SEAL_KEY=canary-canary-canary-canary-can!",
    "SEAL_KEY=Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5LWNhbmFyeQ==",
    "ACCESS_TOKEN_SECONDS=901",
    "ACCESS_TOKEN_SECONDS=0",
    "REFRESH_TOKEN_DAYS=8",
    "SESSION_DAYS=31",
    "FRESH_LOGIN_SECONDS=0",
    "SECOND_FACTOR=canary",
    "SESSION_DAYS=18446744073709551616",
    "ONE_TIME_TOKEN_MINUTES=61",
    "INVITATION_DAYS=1.5",
    "OIDC_ISSUER=canary.example.vn",
    "OIDC_ISSUER=ftp://canary.example.vn",
    "OIDC_ISSUER=https://sso.example.vn/?canary",
    "OIDC_CLIENT_ID=kh\u{e1}ch canary",
    "OIDC_CLIENT_SECRET=b\u{ed} m\u{1ead}t canary",
    "OIDC_REDIRECT_URL=/canary",
    "OIDC_REDIRECT_URL=https://canary:canary@app.example.vn/sign-on",
    "OIDC_NAME=canary\u{202e}",
    "STORAGE_URL=s3://Canary",
    "STORAGE_URL=s3:",
    "S3_ENDPOINT=ftp://canary",
    "SCANNER_URL=canary",
    "SCANNER_URL=tcp://canary",
    "STORAGE_URL=file:",
    "LOG_FORMAT=canary",
    "LOG_LEVEL=verbose",
    "LOG_LEVEL=info,app=loud",
    "LOG_LEVEL=info,",
    "DEMO_DATA=yes",
    "DEMO_PASSWORD=canary7",
];

/// What only production refuses.
const BAD_IN_PRODUCTION: &[(&str, &str)] = &[
    ("PUBLIC_URL", "PUBLIC_URL=http://canary.example.vn"),
    ("PUBLIC_URL", "-PUBLIC_URL"),
    ("CORS_ORIGINS", "CORS_ORIGINS=https://app.example.vn,http://canary.example.vn"),
    ("SMTP_URL", "SMTP_URL=smtp://canary.example.vn"),
    ("SMTP_URL", "SMTP_URL=smtp://canary.example.vn?tls=opportunistic"),
    ("SMTP_URL", "SMTP_URL=smtp://user:canary@mail.example.vn:587"),
    ("SMTP_URL", "SMTP_URL=smtp://user:canary%3Ftls=required@mail.example.vn:587?tls=none"),
    ("SMTP_URL", "-SMTP_URL"),
    ("MAIL_DIRECTORY", "MAIL_DIRECTORY=canary"),
    ("MAIL_FROM", "MAIL_FROM=canary@LocalHost"),
    ("MAIL_FROM", "MAIL_FROM=canary@mail.localhost"),
    ("MAIL_FROM", "-MAIL_FROM"),
    ("JWT_SIGNING_KEY", "-JWT_SIGNING_KEY"),
    ("JWT_SIGNING_KEY", "JWT_SIGNING_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ("SEAL_KEY", "-SEAL_KEY"),
    ("SEAL_KEY", "SEAL_KEY=MDEwMTAxMDEwMTAxMDEwMTAxMDEwMTAxMDEwMTAxMDE="),
    ("OIDC_ISSUER", "OIDC_ISSUER=http://canary.example.vn"),
    ("OIDC_REDIRECT_URL", "OIDC_REDIRECT_URL=http://canary.example.vn/sign-on"),
    ("S3_ENDPOINT", "S3_ENDPOINT=http://canary.example.vn"),
    ("WEBHOOK_ALLOWED_NETS", "WEBHOOK_ALLOWED_NETS=10.0.0.0/8"),
    ("DEMO_DATA", "DEMO_DATA=true"),
    ("DEMO_PASSWORD", "DEMO_PASSWORD=canary-canary"),
];

/// Exactly one line that names the setting and a rule, and nothing of the value.
fn assert_refused(result: Result<Config, ConfigError>, name: &str, given: &str) {
    let Err(error) = result else { panic!("{given} is taken") };
    let (line, debug) = (error.to_string(), format!("{error:?}"));
    assert_eq!(line, format!("configuration: {name}: {}", error.rule), "{given}");
    assert!(error.rule.len() > 8, "{given}: no rule in {line}");
    assert_eq!(line.lines().count(), 1, "{given}: {line}");
    assert!(
        !line.to_lowercase().contains("canary") && !debug.to_lowercase().contains("canary"),
        "{given}: {line}"
    );
    let value = given.split_once('=').map_or("", |(_, value)| value);
    assert!(value.len() <= "smtps://".len() || !line.contains(value), "{given}: {line}");
}

#[test]
fn bad_values_are_named_by_setting_and_rule_only() {
    for given in BAD {
        assert_refused(load(env(&[given])), given.split('=').next().unwrap(), given);
    }
}

#[test]
fn production_refuses_what_is_only_good_enough_for_trying_out() {
    for (name, change) in BAD_IN_PRODUCTION {
        assert_refused(load(production(&[change])), name, change);
    }
}

#[test]
fn each_key_that_signs_mails_has_a_name_and_the_domain_is_the_senders() {
    assert!(load(Vec::new()).unwrap().signers.is_empty());
    let (from, key) = ("MAIL_FROM=no-reply@mail.example.vn", format!("DKIM_PRIVATE_KEY={PEM}"));
    let taken = |given: &[&str]| {
        let config = load(env(&[&[from], given].concat())).unwrap();
        assert!(!format!("{config:?}").contains("MC4CAQ"), "{config:?}");
        config.signers.iter().map(|signer| signer.record().unwrap()).collect::<Vec<_>>()
    };
    let public = "v=DKIM1; k=ed25519; p=";
    let one = taken(&[&key, "DKIM_SELECTOR=2026a"]);
    assert!(one[0].starts_with(&format!("2026a._domainkey.mail.example.vn. IN TXT (\"{public}")), "{one:?}");
    assert!(taken(&[&key.replace('\n', "\\n"), "DKIM_SELECTOR=2026a"]) == one, "line ends may be written");
    let two = taken(&[&format!("{key},{PEM}"), "DKIM_SELECTOR=a, b.c", "DKIM_DOMAIN=Example.VN"]);
    assert!(two[1].starts_with("b.c._domainkey.example.vn. IN TXT"), "{two:?}");

    for (name, given) in [
        ("DKIM_SELECTOR", vec![key.as_str()]),
        ("DKIM_SELECTOR", vec![&key, "DKIM_SELECTOR=a,b"]),
        ("DKIM_SELECTOR", vec![&format!("{key},{PEM}"), "DKIM_SELECTOR=a,a"]),
        ("DKIM_PRIVATE_KEY", vec!["DKIM_SELECTOR=a"]),
        ("DKIM_PRIVATE_KEY", vec!["DKIM_DOMAIN=example.vn"]),
        ("DKIM_DOMAIN", vec![&key, "DKIM_SELECTOR=a", "DKIM_DOMAIN=ample.vn"]),
        ("DKIM_DOMAIN", vec![&key, "DKIM_SELECTOR=a", "DKIM_DOMAIN=other.vn"]),
    ] {
        assert_refused(load(env(&[&[from], given.as_slice()].concat())), name, &given.join(" "));
    }
}

const SIGN_ON: [&str; 5] = [
    "OIDC_ISSUER=https://sso.example.vn/realms/city/",
    "OIDC_CLIENT_ID=bai toan lon",
    "OIDC_CLIENT_SECRET=canary: 100%/&+=?",
    "OIDC_REDIRECT_URL=https://app.example.vn/sign-on",
    "OIDC_NAME=Đăng nhập một lần của Thành phố",
];

#[test]
fn a_sign_on_is_set_as_a_whole_or_not_at_all() {
    assert!(load(Vec::new()).unwrap().sign_on.is_none());
    for settings in [env(&SIGN_ON), production(&SIGN_ON)] {
        let config = load(settings).unwrap();
        assert!(!format!("{config:?}").contains("canary"), "{config:?}");
        let sign_on = config.sign_on.unwrap();
        assert_eq!(sign_on.issuer, "https://sso.example.vn/realms/city/", "letter by letter");
        assert_eq!(sign_on.client_secret.expose_secret(), "canary: 100%/&+=?");
        assert_eq!(sign_on.redirect_url, "https://app.example.vn/sign-on");
        assert_eq!(sign_on.name, "Đăng nhập một lần của Thành phố");
    }
    for missing in 0..SIGN_ON.len() {
        let mut some = SIGN_ON.to_vec();
        let name = some.remove(missing).split('=').next().unwrap();
        let error = load(env(&some)).unwrap_err().to_string();
        assert_eq!(error, format!("configuration: {name}: is required with the other OIDC settings"));
    }
}

#[test]
fn nothing_may_be_empty() {
    for setting in SETTINGS {
        for value in ["", "  "] {
            let error = load(vec![(setting.name.to_owned(), value.to_owned())]).unwrap_err();
            assert_eq!(error.to_string(), format!("configuration: {}: must not be empty", setting.name));
        }
    }
}

#[test]
fn a_slip_of_the_pen_is_not_ignored() {
    for (slip, meant) in [
        ("DATABSE_URL", "DATABASE_URL"),
        ("ADTABASE_URL", "DATABASE_URL"),
        ("SMTP_URLS", "SMTP_URL"),
        ("SEALKEY", "SEAL_KEY"),
        ("ACCESS_TOKEN_SECOND", "ACCESS_TOKEN_SECONDS"),
        ("SEAL_KEY\n", "SEAL_KEY"),
    ] {
        let error = load(vec![(slip.to_owned(), "canary".to_owned())]).unwrap_err().to_string();
        let slip = slip.escape_debug();
        assert_eq!(error, format!("configuration: {slip}: unknown setting, did you mean {meant}?"));
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let file = "listen_addr = '0.0.0.0:9000'\nsession_days = 20\ndemo_data = false\n";
    let config = Config::from_sources(Some(file), env(&["LISTEN_ADDR=0.0.0.0:9001"])).unwrap();
    assert_eq!(config.listen_addr.port(), 9001);
    assert_eq!(config.session_life, Duration::from_hours(20 * 24));
    assert!(!config.demo_data);
    assert_eq!(config.max_connections, 1024);
}

#[test]
fn the_file_may_hold_settings_only() {
    for (file, line) in [
        ("canary_url = 1", "canary_url: unknown setting"),
        ("databse_url = 'canary'", "databse_url: unknown setting, did you mean DATABASE_URL?"),
        ("DATABASE_URL = 'canary'", "DATABASE_URL: unknown setting, did you mean DATABASE_URL?"),
        ("config_file = 'canary'", "config_file: unknown setting, did you mean CONFIG_FILE?"),
        ("seal_key = ['canary']", "SEAL_KEY: must be a string, a whole number, true or false"),
        ("session_days = 1.5", "SESSION_DAYS: must be a string, a whole number, true or false"),
        ("session_days = 31", "SESSION_DAYS: must be a whole number of days from 1 to 30"),
        ("seal_key = ''", "SEAL_KEY: must not be empty"),
        ("session_days = 3\nseal_key = 'canary", "CONFIG_FILE: must be TOML, see line 2"),
        ("seal_key = canary", "CONFIG_FILE: must be TOML, see line 1"),
        ("session_days = 3\n\nsession_days = 4", "CONFIG_FILE: must be TOML, see line 3"),
    ] {
        let error = Config::from_sources(Some(file), Vec::new()).unwrap_err().to_string();
        assert_eq!(error, format!("configuration: {line}"), "{file}");
    }
}

#[test]
fn a_named_file_has_to_be_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("canary.toml");
    let named = vec![("CONFIG_FILE".to_owned(), path.to_str().unwrap().to_owned())];
    let error = source::named_file(&named).unwrap_err().to_string();
    assert_eq!(
        error,
        "configuration: CONFIG_FILE: must be the path of a readable TOML file (entity not found)"
    );
    std::fs::write(&path, "session_days = 3").unwrap();
    assert_eq!(source::named_file(&named).unwrap().as_deref(), Some("session_days = 3"));
    assert_eq!(source::named_file(&[]).unwrap(), None);
}

#[test]
fn signing_keys_come_as_seed_or_pem_and_in_numbers() {
    let escaped = PEM.replace('\n', "\\n");
    for given in [KEY, PEM, &escaped, &format!("{PEM},{OTHER_KEY}")] {
        let keys = load(vec![("JWT_SIGNING_KEY".into(), given.into())]).unwrap().keys.signing;
        assert_eq!(keys.current.expose().as_slice(), BASE64_STANDARD.decode(KEY).unwrap(), "{given}");
        assert_eq!(keys.iter().count(), given.split(',').count());
    }
}

#[test]
fn missing_development_keys_are_made_anew_without_a_disk() {
    let seal = |config: Config| *config.keys.seal.current.expose();
    assert_ne!(seal(load(Vec::new()).unwrap()), seal(load(Vec::new()).unwrap()));
    let config = load(env(&[&format!("SEAL_KEY={KEY}")])).unwrap();
    assert_eq!(config.keys.seal.current.expose().as_slice(), BASE64_STANDARD.decode(KEY).unwrap());
}

#[test]
fn kept_development_keys_survive_a_restart_and_are_the_owners_only() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::Sqlite(directory.path().join("new/app.db"));
    let (first, second) = (Keys::kept(&database).unwrap(), Keys::kept(&database).unwrap());
    assert_eq!(first.signing.current.expose(), second.signing.current.expose());
    assert_eq!(first.seal.current.expose(), second.seal.current.expose());
    assert_ne!(first.seal.current.expose(), first.signing.current.expose());

    let file = directory.path().join("new/development-keys");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(&file, "seal_key = 'canary").unwrap();
    let error = Keys::kept(&database).unwrap_err().to_string();
    assert_eq!(
        error,
        "configuration: development-keys: must hold two keys; delete the file to make new ones"
    );
}

#[test]
fn nothing_is_kept_when_a_setting_is_wrong_or_both_keys_are_given() {
    let untouched = |_: &Database| -> Result<Keys, ConfigError> { panic!("the disk was touched") };
    let build = |env| Config::build(&Settings::merge(None, env).unwrap(), untouched);
    assert!(build(env(&["LOG_FORMAT=xml"])).is_err());
    assert!(build(env(&["MAX_CONNECTIONS=0"])).is_err());
    assert!(build(env(&["DEMO_PASSWORD=short"])).is_err());
    assert!(build(env(&[&format!("SEAL_KEY={KEY}"), &format!("JWT_SIGNING_KEY={KEY}")])).is_ok());
}

#[test]
fn debug_shows_no_secret() {
    let config = load(production(&[
        "DATABASE_URL=postgres://app:canary@db/app",
        "SMTP_URL=smtps://canary:canary@mail.example.vn",
    ]))
    .unwrap();
    let text = format!("{config:?}");
    assert!(!text.contains("canary") && !text.contains(KEY), "{text}");
    let text = format!("{:?}", load(env(&["DEMO_PASSWORD=canary-canary"])).unwrap());
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn the_table_is_complete_and_its_defaults_are_good() {
    let table = settings_table();
    assert_eq!(table.lines().count(), SETTINGS.len() + 2);
    assert!(table.lines().all(|line| line.matches(" | ").count() == 3), "{table}");
    let names: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(names.len(), SETTINGS.len());
    for setting in SETTINGS {
        let Kind::OneOf(words) = setting.kind else { continue };
        for word in words.iter().filter(|word| **word != "production") {
            // What one of them needs is given.
            let given = [(setting.name, *word), ("PERSISTED_OPERATIONS", "operations.json")];
            load(given.map(|(name, value)| (name.to_owned(), value.to_owned())).into()).unwrap();
        }
    }
}

#[test]
fn the_readme_lists_every_setting_as_it_is() {
    let readme = include_str!("../../../README.md");
    assert!(
        readme.contains(settings_table().trim_end()),
        "paste what `server settings` prints into the README"
    );
}
