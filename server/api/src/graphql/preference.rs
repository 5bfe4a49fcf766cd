//! How somebody wants to be told.

use app::preference::UpdatePreferences;
use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use domain::preference::{self as rule, LocalTime, Preferences, TimeZone};
use domain::problem::{Form, Reason};

use super::account::User;
use super::enums::{NotificationDelivery, NotificationGroup};
use super::error::Result;
use super::payload::{execute, payload};
use super::privacy::after;
use super::text::Reader;

/// What somebody prefers.
pub struct NotificationPreferences(pub Preferences);

/// How you want to be told. In the inbox everything stands at once, whatever you prefer. The language of mails is `User.locale`.
#[Object]
impl NotificationPreferences {
    /// Where your clock stands: a name of the IANA database, `Asia/Ho_Chi_Minh` unless you choose another.
    async fn time_zone(&self) -> &str {
        self.0.time_zone.name()
    }

    /// When the digest comes by that clock, as `HH:MM`; `07:00` unless you choose another. It comes on days on which there is something
    /// in it, and says only what you may still know then.
    async fn digest_at(&self) -> String {
        self.0.digest_at.to_string()
    }

    /// When nothing is mailed that may wait; null for never.
    async fn quiet_hours(&self) -> Option<QuietHours> {
        let hours = self.0.quiet_hours?;
        Some(QuietHours { from: hours.from.to_string(), until: hours.until.to_string() })
    }

    /// Every group of notifications, and how its mails come.
    #[graphql(complexity = "9 * child_complexity")]
    async fn groups(&self) -> Vec<NotificationGroupPreference> {
        let of = |group: &rule::NotificationGroup| NotificationGroupPreference {
            group: (*group).into(),
            delivery: self.0.delivery(*group).into(),
            choices: group.choices().iter().copied().map(Into::into).collect(),
        };
        rule::NotificationGroup::ALL.iter().map(of).collect()
    }
}

/// Hours, each day, in which nothing is mailed that may wait: it comes when they are over. A group with one choice does not wait.
#[derive(SimpleObject)]
pub struct QuietHours {
    /// From then on, as `HH:MM` by the clock of `timeZone`.
    from: String,
    /// Until then, as `HH:MM`; the next day, if that is earlier.
    until: String,
}

/// How the mails of a group come.
#[derive(SimpleObject)]
pub struct NotificationGroupPreference {
    /// Which.
    group: NotificationGroup,
    /// How they come.
    delivery: NotificationDelivery,
    /// How they may come; one choice: nobody can turn it off or have it wait.
    choices: Vec<NotificationDelivery>,
}

/// Hours in which mail that may wait does.
#[derive(InputObject)]
pub struct QuietHoursInput {
    /// From then on, as `HH:MM`.
    from: String,
    /// Until then, as `HH:MM`, at most 12 hours later; the next day, if that is earlier.
    until: String,
}

/// How the mails of a group are to come.
#[derive(InputObject)]
pub struct NotificationGroupInput {
    /// Which.
    group: NotificationGroup,
    /// One of its choices.
    delivery: NotificationDelivery,
}

/// What `updateNotificationPreferences` needs; what is left out stays.
#[derive(InputObject)]
pub struct UpdateNotificationPreferencesInput {
    /// The version that you saw (`viewer.version`).
    expected_version: i32,
    /// Where your clock stands: a name of the IANA database, e.g. `Europe/Paris`.
    time_zone: Option<String>,
    /// When the digest comes, as `HH:MM`.
    digest_at: Option<String>,
    /// When nothing comes that may wait; null for never.
    quiet_hours: MaybeUndefined<QuietHoursInput>,
    /// The groups that change, at most 9.
    groups: Option<Vec<NotificationGroupInput>>,
}

payload! {
    /// Answer of `updateNotificationPreferences`.
    UpdateNotificationPreferencesPayload {
        /// You.
        user: User,
    }
}

/// How somebody wants to be told.
#[derive(Default)]
pub struct PreferenceMutation;

/// How somebody wants to be told.
#[Object]
impl PreferenceMutation {
    /// Changes how you are told. What waits for the end of your quiet hours or for your digest is decided anew.
    /// User errors: `CONFLICT` (another version), `MALFORMED` (zone, time, a choice that the group does not offer), `OUT_OF_RANGE` (quiet
    /// hours), `TOO_LONG`.
    async fn update_notification_preferences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateNotificationPreferencesInput,
    ) -> Result<Option<UpdateNotificationPreferencesPayload>> {
        let mut reader = Reader::default();
        let time_zone = input.time_zone.and_then(|name| reader.keep("timeZone", TimeZone::parse(&name)));
        let digest_at = input.digest_at.and_then(|text| time(&mut reader, "digestAt", &text));
        let quiet_hours = match input.quiet_hours {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(hours) => hours.read(&mut reader).map(Some),
        };
        let groups = input.groups.unwrap_or_default();
        let mut chosen = Preferences::default();
        if reader.at_most("groups", &groups, rule::NotificationGroup::ALL.len()) {
            for (index, choice) in groups.iter().enumerate() {
                let choice = chosen.choose(choice.group.into(), choice.delivery.into());
                reader.within("groups", |reader| {
                    reader.within(index, |reader| reader.keep("delivery", choice));
                });
            }
        }
        let command = UpdatePreferences {
            expected_version: input.expected_version,
            time_zone,
            digest_at,
            quiet_hours,
            deliveries: chosen.deliveries,
        };
        let (user, user_errors) = after(ctx, execute(ctx, None, reader.finish(Some(command))).await?).await?;
        Ok(Some(UpdateNotificationPreferencesPayload { user, user_errors }))
    }
}

impl QuietHoursInput {
    fn read(&self, reader: &mut Reader) -> Option<rule::QuietHours> {
        reader.within("quietHours", |reader| {
            let from = time(reader, "from", &self.from);
            let until = time(reader, "until", &self.until);
            let (from, until) = from.zip(until)?;
            reader.keep("until", rule::QuietHours::new(from, until))
        })
    }
}

fn time(reader: &mut Reader, field: &str, text: &str) -> Option<LocalTime> {
    reader.keep(field, LocalTime::parse(text).ok_or(Reason::Malformed { expected: Form::LocalTime }))
}
