//! From the layers to one text per setting, and the readers that type them.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::setting::{self, Kind, SETTINGS, Setting};
use super::{ConfigError, Environment};

/// Names shorter than this resemble too many others to be taken for a slip.
const SHORTEST_SLIP: usize = 6;
/// Slips of the pen (changed, missing, added or swapped letters) that still point at a setting.
const MOST_SLIPS: usize = 2;

/// One text per setting that has one, defaults included.
#[derive(Debug)]
pub(super) struct Settings {
    /// Decides the defaults and the rules of presence.
    pub(super) environment: Environment,
    values: BTreeMap<&'static str, SecretString>,
}

impl Settings {
    /// Lays the environment over the file and both over the defaults.
    pub(super) fn merge(
        file: Option<&str>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut given = file.map(read_file).transpose()?.unwrap_or_default();
        given.extend(read_environment(env)?);
        for setting in SETTINGS {
            if given.get(setting.name).is_some_and(|value| value.expose_secret().trim().is_empty()) {
                return Err(ConfigError::new(setting.name, "must not be empty"));
            }
        }

        let mut settings = Self { environment: Environment::Development, values: given };
        if settings.values.contains_key(setting::APP_ENV.name) {
            settings.environment = settings.read(&setting::APP_ENV, Environment::parse)?;
        }
        settings.apply_defaults()?;
        Ok(settings)
    }

    fn apply_defaults(&mut self) -> Result<(), ConfigError> {
        for setting in SETTINGS {
            let given = self.values.contains_key(setting.name);
            if let Some(rule) = setting.presence_rule(self.environment, given) {
                return Err(ConfigError::new(setting.name, rule));
            }
            if let (false, Some(default)) = (given, setting.default_in(self.environment)) {
                self.values.insert(setting.name, default.into());
            }
        }
        Ok(())
    }

    /// A setting that always has a value.
    pub(super) fn read<T>(
        &self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        self.optional(setting, parse)?.ok_or_else(|| ConfigError::new(setting.name, "is required"))
    }

    /// A setting that may be left out.
    pub(super) fn optional<T>(
        &self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.values.get(setting.name) else { return Ok(None) };
        match parse(value.expose_secret()) {
            Some(typed) => Ok(Some(typed)),
            None => Err(ConfigError::new(setting.name, format!("must be {}", setting.shape()))),
        }
    }

    /// Values separated by commas; none if the setting is left out.
    pub(super) fn list<T>(
        &self,
        setting: &Setting,
        parse: impl FnMut(&str) -> Option<T>,
    ) -> Result<Vec<T>, ConfigError> {
        let items = self.optional(setting, |text| text.split(',').map(str::trim).map(parse).collect())?;
        Ok(items.unwrap_or_default())
    }

    /// A whole number within the range that the table gives.
    pub(super) fn number<T: TryFrom<u64>>(&self, setting: &Setting) -> Result<T, ConfigError> {
        let (from, to) = match setting.kind {
            Kind::Number(_, from, to) => (from, to),
            Kind::Text(_) | Kind::OneOf(_) => (u64::MIN, u64::MAX),
        };
        self.read(setting, |text| {
            let number = text.parse().ok().filter(|number| (from..=to).contains(number))?;
            T::try_from(number).ok()
        })
    }

    /// A number as time, by the unit that the table gives.
    pub(super) fn duration(&self, setting: &Setting) -> Result<Duration, ConfigError> {
        let unit = if let Kind::Number(unit, ..) = setting.kind { unit.seconds() } else { 1 };
        Ok(Duration::from_secs(self.number::<u64>(setting)?.saturating_mul(unit)))
    }

    /// A rule that only production makes.
    pub(super) fn in_production(
        &self,
        setting: &Setting,
        holds: bool,
        rule: &'static str,
    ) -> Result<(), ConfigError> {
        match self.environment {
            Environment::Production if !holds => Err(ConfigError::new(setting.name, rule)),
            _ => Ok(()),
        }
    }
}

/// The process environment, as far as it can be ours.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub(super) fn process_environment() -> Result<Vec<(String, String)>, ConfigError> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter_map(|(name, value)| match value.into_string() {
            Ok(value) => Some(Ok((name, value))),
            Err(_) => known(&name).map(|setting| Err(ConfigError::new(setting.name, "must be UTF-8"))),
        })
        .collect()
}

/// The text of the file that `CONFIG_FILE` names, if it names one.
pub(super) fn named_file(env: &[(String, String)]) -> Result<Option<String>, ConfigError> {
    let setting = &setting::CONFIG_FILE;
    let Some((_, path)) = env.iter().find(|(name, _)| name == setting.name) else { return Ok(None) };
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            Err(ConfigError::new(setting.name, format!("must be {} ({})", setting.shape(), error.kind())))
        }
    }
}

fn known(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// What the environment gives. Other programs' variables pass, a slip of the pen in one of ours does not.
fn read_environment(
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<BTreeMap<&'static str, SecretString>, ConfigError> {
    let mut given = BTreeMap::new();
    for (name, value) in env {
        if let Some(setting) = known(&name) {
            given.insert(setting.name, value.into());
        } else if let Some(meant) = nearest(&name) {
            return Err(ConfigError::unknown(&name, Some(meant)));
        }
    }
    Ok(given)
}

/// What the file gives. The file is ours alone, so that an unknown name in it is always a mistake.
fn read_file(text: &str) -> Result<BTreeMap<&'static str, SecretString>, ConfigError> {
    // The parser's own message quotes the line, which may hold a secret.
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        ConfigError::new(
            setting::CONFIG_FILE.name,
            format!("must be TOML, see line {}", before.matches('\n').count() + 1),
        )
    })?;
    let mut given = BTreeMap::new();
    for (key, value) in table {
        let name = key.to_ascii_uppercase();
        let setting = known(&name)
            .filter(|setting| setting.key() == key && setting.name != setting::CONFIG_FILE.name)
            .ok_or_else(|| ConfigError::unknown(&key, nearest(&name)))?;
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            _ => {
                return Err(ConfigError::new(
                    setting.name,
                    "must be a string, a whole number, true or false",
                ));
            }
        };
        given.insert(setting.name, value.into());
    }
    Ok(given)
}

/// The setting that a name was most likely meant to be.
fn nearest(name: &str) -> Option<&'static Setting> {
    let slips = |setting: &Setting| strsim::damerau_levenshtein(name, setting.name);
    SETTINGS
        .iter()
        .filter(|setting| name.len() >= SHORTEST_SLIP && slips(setting) <= MOST_SLIPS)
        .min_by_key(|setting| slips(setting))
}
