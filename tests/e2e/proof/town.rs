//! The town: one world with everything in every state, told through the API, with a canary word in every text.
//!
//! **A new feature** adds the acts that bring its things into each of their states; **a new kind of viewer** a line in `PEOPLE`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use api::graphql::id::encode;
use app::ids;
use app::vault::attachment_place;
use domain::account::PlatformRole;
use domain::decision::DecisionStatus;
use domain::id::{ChallengeId, OrganizationId, ProposalId, PublicId};
use domain::organization::{MembershipRole as Role, OrganizationKind};
use domain::proposal::Content;
use domain::text::{Bilingual, fold, look_alike_key, slug_from};
use e2e::cast::{DAY, text};
use e2e::issuer::{self, Forger, Key};
use e2e::rows::{self, THEN, insert};
use e2e::{Person, Receiver, Vault, World, eventually};
use entity::*;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};

use crate::proof::crawl::{Crawl, Seen, Viewer};
use crate::proof::facts::{Facts, word, words};
use crate::proof::oracle::{Oracle, Rules};
use crate::proof::schema::Schema;

/// The houses: nick, kind.
const HOUSES: &[(&str, OrganizationKind)] = &[
    ("office", OrganizationKind::ProgrammeOffice),
    ("agency", OrganizationKind::Agency),
    ("other agency", OrganizationKind::Agency),
    ("song", OrganizationKind::Startup),
    ("hong", OrganizationKind::Startup),
    ("sao", OrganizationKind::Startup),
    ("tre", OrganizationKind::Startup),
    ("lua", OrganizationKind::Startup),
    ("gio", OrganizationKind::Startup),
    ("unit", OrganizationKind::Agency),
    ("nhom", OrganizationKind::Team),
    ("vien", OrganizationKind::Institute),
    ("hang", OrganizationKind::ForeignCompany),
];

/// Everybody: nick, and the places that they have, or had (`false`).
const PEOPLE: &[(&str, &[(&str, Role, bool)])] = &[
    ("stranger", &[]),
    ("officer", &[("office", Role::Officer, true)]),
    ("publisher", &[("office", Role::Publisher, true)]),
    ("lead", &[("agency", Role::Lead, true)]),
    ("drafter", &[("agency", Role::Drafter, true)]),
    ("other lead", &[("other agency", Role::Lead, true)]),
    ("song owner", &[("song", Role::Owner, true)]),
    ("song editor", &[("song", Role::Editor, true)]),
    ("song viewer", &[("song", Role::Viewer, true)]),
    ("hong owner", &[("hong", Role::Owner, true)]),
    ("sao owner", &[("sao", Role::Owner, true)]),
    ("tre owner", &[("tre", Role::Owner, true)]),
    ("lua owner", &[("lua", Role::Owner, true)]),
    ("gio owner", &[("gio", Role::Owner, true)]),
    // A unit for which the agency drafts; a house that is suspended, and one that is closed.
    ("unit lead", &[("unit", Role::Lead, true)]),
    ("nhom owner", &[("nhom", Role::Owner, true)]),
    ("vien owner", &[("vien", Role::Owner, true)]),
    ("hang owner", &[("hang", Role::Owner, true)]),
    // The council.
    ("chair", &[]),
    ("vice chair", &[]),
    ("secretary", &[]),
    ("reviewer", &[]),
    ("half-done reviewer", &[]),
    ("accepted member", &[]),
    ("offered member", &[]),
    ("recused reviewer", &[]),
    ("idle member", &[]),
    ("chair elsewhere", &[]),
    ("authority", &[]),
    // In conflict by where they come from.
    ("former song member", &[("song", Role::Viewer, false)]),
    ("insider on the council", &[("song", Role::Editor, false)]),
    ("drafter from song", &[("agency", Role::Drafter, true), ("song", Role::Viewer, false)]),
    ("officer from song", &[("office", Role::Officer, true), ("song", Role::Editor, false)]),
    // Houses that are not verified.
    ("pending founder", &[]),
    ("rejected founder", &[]),
];

/// Posts on the platform, beside places.
const HOLDERS: &[(&str, PlatformRole, &[(&str, Role, bool)])] = &[
    ("auditor", PlatformRole::Auditor, &[]),
    ("administrator", PlatformRole::Administrator, &[]),
    ("auditor from song", PlatformRole::Auditor, &[("song", Role::Viewer, false)]),
];

/// They look at nothing that somebody else would not look at in the same standing.
const ONLY_ACT: &[&str] = &["gio owner", "lua owner", "newcomer", "leaver", "switched off", "shut out"];

/// The council of a challenge: who sits as what.
const COUNCIL: &[(&str, &str)] = &[
    ("chair", "CHAIR"),
    ("vice chair", "VICE_CHAIR"),
    ("secretary", "SECRETARY"),
    ("reviewer", "REVIEWER"),
    ("half-done reviewer", "REVIEWER"),
    ("recused reviewer", "REVIEWER"),
    ("insider on the council", "REVIEWER"),
    ("accepted member", "MEMBER"),
    ("offered member", "MEMBER"),
    ("idle member", "MEMBER"),
];

/// The town.
pub struct Town {
    /// The server below it.
    pub world: World,
    /// Its schema.
    pub schema: Schema,
    /// The tables.
    pub rules: Rules,
    /// Elements of the schema that had a value in an answer to an act.
    pub covered: std::collections::BTreeSet<String>,
    /// What acts showed that they should not have.
    pub wrong: Vec<String>,
    /// How many acts there were.
    pub acts: usize,
    people: BTreeMap<String, Person>,
    houses: BTreeMap<String, OrganizationId>,
    /// Challenges and proposals by nick.
    ids: BTreeMap<String, String>,
    seats: BTreeMap<(String, String), String>,
    words: AtomicUsize,
    judged: BTreeMap<String, usize>,
    issuer: (Forger, Key),
}

/// How far a file comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum File {
    Awaited,
    Quarantined,
    Clean,
    /// And not for reviewers.
    Confided,
    Refused,
}

impl Town {
    /// Builds it.
    pub async fn build() -> Self {
        let key = Key::new("town", 1);
        let issuer = Forger::start(&key).await;
        let mut settings = issuer::settings(&issuer.address, "btl", "the town's secret").to_vec();
        settings.push(("WEBHOOK_ALLOWED_NETS", "127.0.0.0/8"));
        let world = World::with(&settings).await;
        let schema = Schema::of(&world).await;
        let mut town = Self {
            world,
            schema,
            rules: Rules::read(),
            covered: Default::default(),
            wrong: Vec::new(),
            acts: 0,
            people: BTreeMap::new(),
            houses: BTreeMap::new(),
            ids: BTreeMap::new(),
            seats: BTreeMap::new(),
            words: AtomicUsize::new(1),
            judged: BTreeMap::new(),
            issuer: (issuer, key),
        };
        town.people_come().await;
        town.accounts_and_houses().await;
        town.experts_and_identities().await;
        let receiver = Receiver::start().await;
        town.webhooks_listen(&receiver).await;
        town.challenges_before_publication().await;
        town.challenges_under_seal().await;
        town.world.pass(11 * DAY).await;
        town.evaluation().await;
        town.decisions().await;
        town.houses_change().await;
        town.units().await;
        town.webhooks_change().await;
        town.world.is_quiet().await;
        town
    }

    /// Everybody who can look, the visitor first.
    pub async fn viewers(&self) -> Vec<Viewer> {
        let mut viewers =
            vec![Viewer { nick: "visitor".to_owned(), account: None, client: self.world.visitor.clone() }];
        for (nick, person) in self.people.iter().filter(|(nick, _)| !ONLY_ACT.contains(&nick.as_str())) {
            viewers.push(Viewer {
                nick: nick.clone(),
                account: Some(person.account),
                client: person.client().await,
            });
        }
        viewers
    }

    /// The person of that nick.
    pub fn person(&self, nick: &str) -> &Person {
        self.people.get(nick).unwrap_or_else(|| panic!("nobody is called {nick}"))
    }

    /// The id of the challenge or proposal of that nick.
    pub fn id(&self, nick: &str) -> &str {
        self.ids.get(nick).unwrap_or_else(|| panic!("nothing is called {nick}"))
    }

    /// The seat of a person on the council of a challenge.
    pub fn seat(&self, challenge: &str, nick: &str) -> &str {
        &self.seats[&(challenge.to_owned(), nick.to_owned())]
    }

    /// The id of a house.
    pub fn house(&self, nick: &str) -> String {
        encode(self.houses[nick]).to_string()
    }

    /// How many canary words there are.
    pub fn word_count(&self) -> usize {
        self.words.load(Ordering::Relaxed) - 1
    }

    /// A new canary word.
    fn word(&self) -> String {
        word(self.words.fetch_add(1, Ordering::Relaxed))
    }

    fn both(&self, what: &str) -> Value {
        json!([
            { "locale": "VI", "value": format!("{what} {}", self.word()) },
            { "locale": "EN", "value": format!("{what} in English {}", self.word()) },
        ])
    }

    fn record(&self) -> Value {
        json!({
            "number": format!("{}/QĐ", self.word()),
            "date": "2026-11-23",
            "signer": format!("Giám đốc {}", self.word()),
            "documentUrl": format!("https://example.vn/{}.pdf", self.word()),
        })
    }

    /// Somebody does something, which must succeed. The answer is asked for whole and judged like everything else.
    async fn act(&mut self, nick: &str, mutation: &str, input: Value) -> Value {
        let (first, rest) = mutation.split_at(1);
        let payload = format!("{}{rest}Payload", first.to_uppercase());
        let person = (nick != "visitor").then(|| self.person(nick));
        let client = match person {
            Some(person) => person.client().await,
            None => self.world.visitor.clone(),
        };
        let account = person.map(|person| person.account);
        let viewer = Viewer { nick: format!("{nick} by {mutation}"), account, client };
        let given = input.to_string();
        let answer = viewer.client.does(mutation, input, &self.schema.payload(&payload)).await;
        let payload = answer.ok();
        self.acts += 1;
        let crawl = Crawl::new(&self.schema, BTreeMap::new(), &[]);
        crawl.cover(&payload);
        self.covered.extend(crawl.covered.into_inner().unwrap());
        // The same act by the same person shows the same twice; a third time is not looked at.
        let times = self.judged.entry(viewer.nick.clone()).or_default();
        *times += 1;
        if *times > 2 {
            return payload;
        }
        let facts = Facts::read(&self.world).await;
        let oracle = Oracle::over(&self.rules, &facts);
        let mut seen = Seen::default();
        seen.keep(&payload["__typename"].to_string(), &payload);
        // What one named oneself is no news, even if it is gone now.
        seen.ids.retain(|id, _| !given.contains(id.as_str()));
        self.wrong.extend(oracle.leaks(&viewer.nick, account, &seen));
        for thing in payload.as_object().unwrap().values().flat_map(|value| match value {
            Value::Array(items) => items.iter().collect(),
            value => vec![value],
        }) {
            if let Some(id) = thing["id"].as_str() {
                self.wrong.extend(oracle.judge_thing(&viewer, id, thing, &mut BTreeMap::new()));
            }
        }
        payload
    }

    async fn people_come(&mut self) {
        let all = PEOPLE.iter().map(|(nick, places)| (*nick, None, *places));
        let all = all.chain(HOLDERS.iter().map(|(nick, post, places)| (*nick, Some(*post), *places)));
        let mut places = Vec::new();
        for (nick, post, of) in all {
            let handle = format!("{}-{}", slug_from(nick), self.word());
            let name = format!("{nick} {}", self.word());
            let person = match post {
                Some(post) => self.world.holder(&handle, &name, post).await,
                None => self.world.person(&handle, &name).await,
            };
            places.extend(of.iter().map(|(house, role, is_live)| (*house, person.account, *role, *is_live)));
            self.people.insert(nick.to_owned(), person);
        }
        for (nick, kind) in HOUSES {
            let founder = places.iter().find(|(house, ..)| house == nick).unwrap().1;
            let (vi, en) = (format!("Nhà {nick} {}", self.word()), format!("House {nick} {}", self.word()));
            let row = organization::Model {
                name_key: look_alike_key(&vi),
                name_folded: format!("{} {}", fold(&vi), fold(&en)),
                slug: slug_from(&vi),
                name_vi: vi,
                name_en: Some(en),
                ..rows::organization(*kind, founder)
            };
            self.houses.insert((*nick).to_owned(), row.id);
            insert(self.world.db(), [row]).await.unwrap();
        }
        let places = places.into_iter().map(|(house, user, role, is_live)| membership::Model {
            ended_at: (!is_live).then_some(THEN),
            ..rows::membership(self.houses[house], user, role)
        });
        insert(self.world.db(), places).await.unwrap();
    }

    async fn accounts_and_houses(&mut self) {
        // Somebody comes by the front door.
        let email = format!("{}@example.vn", self.word());
        let password = e2e::person::PASSWORD;
        let register = json!({ "email": email, "displayName": format!("Người mới {}", self.word()), "password": password });
        self.act("visitor", "register", register).await;
        let token = self.world.last_mail_to(&email).await.token().to_owned();
        self.act("visitor", "verifyEmail", json!({ "token": token })).await;
        let session = self.act("visitor", "logIn", json!({ "email": email, "password": password })).await;
        let refresh = json!({ "refreshToken": session["tokens"]["refreshToken"] });
        self.act("visitor", "refreshSession", refresh).await;
        let row = user::Entity::find()
            .filter(user::Column::EmailKey.eq(&email))
            .one(self.world.db())
            .await
            .unwrap();
        let newcomer = self.world.newcomer(email.split('@').next().unwrap(), row.unwrap().id);
        self.people.insert("newcomer".to_owned(), newcomer);
        self.act("newcomer", "logOut", json!({ "isEverywhere": true })).await;
        // Who logged out by themselves logs in again.
        self.world.pass(Duration::from_secs(1)).await;

        self.accounts_change(&email).await;

        // A house waits, one was rejected, one is verified by the office.
        for (founder, kind, judged) in [
            ("pending founder", "STARTUP", None),
            ("rejected founder", "STARTUP", Some("rejectOrganization")),
            ("pending founder", "AGENCY", Some("verifyOrganization")),
            ("rejected founder", "AGENCY", Some("rejectOrganization")),
        ] {
            let input = json!({ "kind": kind, "name": self.both(&format!("{founder} {kind}")) });
            let done = self.act(founder, "createOrganization", input).await;
            if judged.is_none() {
                let house = &done["organization"];
                let input = json!({ "organizationId": house["id"], "expectedVersion": house["version"], "name": self.both("Tên mới") });
                self.act(founder, "updateOrganization", input).await;
            }
            if let Some(mutation) = judged {
                let reason = format!("Xét hồ sơ {}", self.word());
                let input = json!({ "organizationId": done["organization"]["id"], "reason": reason });
                self.act("officer", mutation, input).await;
            }
        }

        // One joins and leaves, one is invited and has not come yet.
        let newcomer = self.person("newcomer").email.clone();
        let house = self.house("gio");
        let invite = |email: &str| json!({ "organizationId": house, "email": email, "role": "VIEWER" });
        self.act("gio owner", "inviteMember", invite(&newcomer)).await;
        let token = self.world.last_mail_to(&newcomer).await.token().to_owned();
        let joined = self.act("newcomer", "acceptInvitation", json!({ "token": token })).await;
        let places = joined["organization"]["members"].as_array().unwrap().clone();
        assert_eq!(places.len(), 2);
        self.act("newcomer", "removeMember", json!({ "membershipId": places[1]["id"] })).await;
        let invited = format!("{}@example.vn", self.word());
        self.act("gio owner", "inviteMember", invite(&invited)).await;
    }

    /// Who judges stands in the register before there is a council; somebody else was taken out of use.
    async fn experts_and_identities(&mut self) {
        let mut last = Value::Null;
        for nick in [
            "reviewer",
            "half-done reviewer",
            "recused reviewer",
            "insider on the council",
            "accepted member",
            "offered member",
            "idle member",
            "stranger",
        ] {
            let input = json!({
                "email": self.person(nick).email,
                "sectors": ["TAX"],
                "title": format!("TS. {}", self.word()),
                "affiliation": format!("Viện {}", self.word()),
                "qualification": format!("Tóm tắt luật thuế {}", self.word()),
            });
            last = self.act("officer", "registerExpert", input).await["expert"].clone();
        }
        let expert = last["id"].clone();
        let input = json!({
            "expertId": expert, "expectedVersion": last["version"], "sectors": ["TAX", "ENVIRONMENT"],
            "affiliation": format!("Trường {}", self.word()),
        });
        self.act("officer", "updateExpert", input).await;
        for mutation in ["suspendExpert", "reinstateExpert", "suspendExpert"] {
            let input = json!({ "expertId": expert, "reason": format!("Chuyên gia {}", self.word()) });
            self.act("officer", mutation, input).await;
        }

        let left = self.act("visitor", "startSignOn", json!({})).await["attempt"].clone();
        let (issuer, key) = &self.issuer;
        let mut claims =
            issuer.claims(left["authorizationUrl"].as_str().unwrap(), self.world.now().await.seconds());
        claims["sub"] = json!(self.word());
        claims["email"] = json!(format!("{}@example.vn", self.word()));
        claims["name"] = json!(format!("Người ở thành phố {}", self.word()));
        issuer.gives(&key.sign(&claims));
        let back = json!({ "state": left["state"], "code": "back", "attemptToken": left["attemptToken"] });
        self.act("visitor", "finishSignOn", back).await;

        // What other issuers say of somebody is written down.
        let identities = ["stranger", "stranger", "drafter"].map(|nick| external_identity::Model {
            id: ids::random(),
            issuer: format!("https://sso.example.vn/{}", self.word()),
            subject: self.word(),
            user_id: self.person(nick).account,
            email: format!("{}@example.vn", self.word()),
            created_at: THEN,
            last_used_at: THEN,
        });
        let unlinked = encode(identities[0].id).to_string();
        insert(self.world.db(), identities).await.unwrap();
        self.act("stranger", "unlinkExternalIdentity", json!({ "externalIdentityId": unlinked })).await;
    }

    async fn invites(&mut self, by: &str, house: &str, role: &str) -> Value {
        let email = format!("{}@example.vn", self.word());
        let input = json!({ "organizationId": self.house(house), "email": email, "role": role });
        self.act(by, "inviteMember", input).await
    }

    async fn judges(&mut self, by: &str, mutation: &str, house: &str, successor: Option<&str>) {
        let reason = format!("Xét {house} {}", self.word());
        let mut input = json!({ "organizationId": self.house(house), "reason": reason });
        if let Some(successor) = successor {
            input["successorId"] = json!(self.house(successor));
        }
        self.act(by, mutation, input).await;
    }

    /// Invitations that wait, one that was taken back; another role and back again; a house that is suspended, one that is closed.
    async fn houses_change(&mut self) {
        self.invites("gio owner", "gio", "VIEWER").await;
        let done = self.invites("gio owner", "gio", "EDITOR").await;
        let newest = done["organization"]["invitations"].as_array().unwrap().last().unwrap()["id"].clone();
        self.act("gio owner", "revokeInvitation", json!({ "invitationId": newest })).await;
        self.invites("unit lead", "unit", "DRAFTER").await;
        self.invites("vien owner", "vien", "EDITOR").await;
        self.invites("administrator", "office", "OFFICER").await;

        let facts = Facts::read(&self.world).await;
        let viewer = self.person("song viewer").account;
        let place = encode(facts.membership.iter().find(|row| row.user_id == viewer).unwrap().id).to_string();
        for role in ["EDITOR", "VIEWER"] {
            let input = json!({ "membershipId": place, "role": role });
            self.act("song owner", "changeMemberRole", input).await;
        }

        for mutation in ["suspendOrganization", "reinstateOrganization", "suspendOrganization"] {
            self.judges("publisher", mutation, "vien", None).await;
        }
        self.judges("officer", "closeOrganization", "hang", Some("song")).await;
    }

    /// Two houses are told what happens, one of them also at an address where nobody listens.
    async fn webhooks_listen(&mut self, receiver: &Receiver) {
        let nobody = format!("http://127.0.0.1:{}/", e2e::service::free_port());
        for (nick, by, house, url) in [
            ("hook of song", "song owner", "song", receiver.url()),
            ("hook of the agency", "lead", "agency", receiver.url()),
            ("hook to nobody", "lead", "agency", nobody),
            ("hook that goes", "song owner", "song", receiver.url()),
        ] {
            let input = json!({
                "organizationId": self.house(house), "url": format!("{url}#").replace('#', &format!("?{}", self.word())),
                "events": ["CHALLENGE_RECALLED", "CHALLENGE_PAUSED", "CHALLENGE_CANCELLED", "PROPOSAL_DECIDED"],
                "description": format!("Kho dữ liệu {}", self.word()),
            });
            let done = self.act(by, "createWebhook", input).await;
            self.ids.insert(nick.to_owned(), text(&done["webhook"]["id"]));
        }
    }

    /// They are tried, changed, taken away, and told nothing any more: whoever looks finds them at rest.
    async fn webhooks_change(&mut self) {
        self.are_told().await;
        let song = json!({ "webhookId": self.id("hook of song") });
        let done = self.act("song owner", "pingWebhook", song.clone()).await;
        self.are_told().await;
        let replay = json!({ "webhookDeliveryId": done["webhookDelivery"]["id"] });
        self.act("song owner", "replayWebhookDelivery", replay).await;
        self.are_told().await;
        self.act("song owner", "rotateWebhookSecret", song).await;
        // Nobody listens there, so this one waits.
        let waiting = json!({ "webhookId": self.id("hook to nobody") });
        self.act("lead", "pingWebhook", waiting).await;
        self.are_told().await;
        let gone = json!({ "webhookId": self.id("hook that goes") });
        self.act("song owner", "deleteWebhook", gone).await;
        for (hook, by, version) in [
            ("hook of song", "song owner", 2),
            ("hook of the agency", "lead", 1),
            ("hook to nobody", "lead", 1),
        ] {
            let input = json!({ "webhookId": self.id(hook), "expectedVersion": version, "isActive": false });
            self.act(by, "updateWebhook", input).await;
        }
        self.are_told().await;
    }

    async fn are_told(&self) {
        eventually("webhooks were told everything", async || {
            app::courier::is_quiet(self.world.app()).await.unwrap().then_some(())
        })
        .await;
    }

    async fn delegates(&mut self, by: &str, unit: &str, delegate: &str, days: (&str, &str)) -> String {
        let input = json!({
            "unitId": self.house(unit), "delegateId": self.house(delegate), "record": self.record(),
            "validFrom": days.0, "validUntil": days.1,
        });
        text(&self.act(by, "delegateUnit", input).await["delegation"]["id"])
    }

    /// A working group whose focal point is the member, or somebody by name.
    async fn groups(&mut self, by: &str, unit: &str, member: Option<&str>) {
        let named = |town: &Self| json!({ "name": format!("Cán bộ {}", town.word()) });
        let focal = member.map_or_else(|| named(self), |id| json!({ "membershipId": id }));
        let place = |town: &Self, person: Value, is_focal_point: bool| {
            json!({
                "person": person, "position": format!("Chức vụ {}", town.word()), "role": "MEMBER",
                "isFocalPoint": is_focal_point, "termFrom": "2026-01-01", "termUntil": "2030-12-31",
            })
        };
        let members = [place(self, focal, true), place(self, named(self), false)];
        let input =
            json!({ "organizationId": self.house(unit), "record": self.record(), "members": members });
        self.act(by, "establishWorkingGroup", input).await;
    }

    /// Units with delegations in every state, with working groups of today and of the past; wards without staff.
    async fn units(&mut self) {
        const LONG: (&str, &str) = ("2026-01-01", "2199-12-31");
        self.delegates("unit lead", "unit", "agency", LONG).await;
        let revoked = self.delegates("unit lead", "unit", "other agency", LONG).await;
        let input = json!({ "delegationId": revoked, "reason": format!("Tự soạn lấy {}", self.word()) });
        self.act("unit lead", "revokeDelegation", input).await;
        self.delegates("unit lead", "unit", "other agency", ("2199-01-01", "2199-12-31")).await;
        self.drafts("a draft for the unit", ("drafter", "unit"), (1, 10), false, false).await;

        let facts = Facts::read(&self.world).await;
        let account = self.person("unit lead").account;
        let lead = encode(facts.membership.iter().find(|row| row.user_id == account).unwrap().id).to_string();
        self.groups("unit lead", "unit", None).await;
        self.groups("unit lead", "unit", Some(&lead)).await;

        for ward in ["suspended ward", "closed ward"] {
            let input = json!({ "name": self.both(ward) });
            let done = self.act("officer", "registerUnit", input).await;
            let id = text(&done["organization"]["id"]);
            self.houses.insert(ward.to_owned(), PublicId::from_public(&id).unwrap());
            let input = json!({ "organizationId": id, "reason": format!("Xét {ward} {}", self.word()) });
            let done = self.act("publisher", "verifyOrganization", input).await;
            let above = if ward == "closed ward" { "suspended ward" } else { "agency" };
            let input = json!({
                "organizationId": id, "expectedVersion": done["organization"]["version"],
                "parentId": self.house(above), "validFrom": "2020-01-01", "validUntil": "2199-12-31",
            });
            self.act("officer", "placeOrganization", input).await;
            self.groups("officer", ward, None).await;
        }
        self.delegates("officer", "closed ward", "other agency", LONG).await;
        self.invites("officer", "suspended ward", "LEAD").await;
        self.judges("officer", "suspendOrganization", "suspended ward", None).await;
        self.judges("officer", "closeOrganization", "closed ward", Some("unit")).await;

        // One is over; one is of a unit that is suspended: whoever drafts for it does not know that it is there.
        let over = rows::delegation(self.houses["unit"], self.houses["other agency"], account);
        let over = delegation::Model { valid_until: over.valid_from.clone(), ..over };
        let hidden = rows::delegation(self.houses["suspended ward"], self.houses["other agency"], account);
        let rows = [over, hidden].map(|mut row| {
            row.record.number = format!("{}/QĐ", self.word());
            row.record.signer = format!("Chủ tịch {}", self.word());
            row
        });
        insert(self.world.db(), rows).await.unwrap();

        // What was decided for the unit is the unit's alone: whoever drafts for it reads no proposals.
        let decided: ChallengeId = PublicId::from_public(self.id("without award")).unwrap();
        let moved = challenge::ActiveModel {
            agency_id: sea_orm::ActiveValue::Set(self.houses["unit"]),
            ..Default::default()
        };
        challenge::Entity::update_many()
            .set(moved)
            .filter(challenge::Column::Id.eq(decided))
            .exec(self.world.db())
            .await
            .unwrap();
        // It is found by the name of its house, and this move went past the program.
        let db = self.world.db();
        let row = challenge::Entity::find_by_id(decided).one(db).await.unwrap().unwrap();
        let unit = organization::Entity::find_by_id(row.agency_id).one(db).await.unwrap();
        challenge_word::Entity::delete_many()
            .filter(challenge_word::Column::ChallengeId.eq(decided))
            .exec(db)
            .await
            .unwrap();
        insert(db, app::search::words(&row, unit.as_ref())).await.unwrap();
    }

    /// Everything that somebody does with their own account, and an administrator with others'.
    async fn accounts_change(&mut self, email: &str) {
        let (password, other) = (e2e::person::PASSWORD, "chín dòng sông nhỏ");
        let who = "newcomer";
        let consent = json!({ "purpose": "RESEARCH", "isGiven": true, "noticeVersion": self.word() });
        self.act("stranger", "recordConsent", consent).await;
        self.act(who, "reauthenticate", json!({ "password": password })).await;
        let setup = self.act(who, "setUpSecondFactor", json!({})).await;
        let secret = text(&setup["secret"]);
        let code = self.code(&secret).await;
        self.act(who, "confirmSecondFactor", json!({ "code": code })).await;
        let codes = self.act(who, "renewRecoveryCodes", json!({ "isConfirmed": true })).await;
        let login = json!({ "email": email, "password": password });
        let step = self.act("visitor", "logIn", login).await;
        let input = json!({ "token": step["secondFactor"]["token"], "code": codes["recoveryCodes"][0] });
        self.act("visitor", "completeLogIn", input).await;
        let me = "{ viewer { sessions { id isCurrent } } }";
        let sessions = self.person(who).asks(me, json!({})).await.ok();
        let elsewhere =
            sessions["sessions"].as_array().unwrap().iter().find(|one| one["isCurrent"] == false).unwrap();
        self.act(who, "endSession", json!({ "sessionId": elsewhere["id"] })).await;
        self.act(who, "markNotificationsRead", json!({})).await;
        self.act(who, "followSector", json!({ "sector": "TRANSPORT" })).await;
        self.act(who, "unfollowSector", json!({ "sector": "TRANSPORT" })).await;
        for _ in 0..2 {
            let search =
                json!({ "name": format!("Tìm {}", self.word()), "query": self.word(), "sector": "TAX" });
            let done = self.act(who, "saveSearch", search).await;
            self.ids.insert("a search".to_owned(), text(&done["savedSearch"]["id"]));
        }
        let last = json!({ "savedSearchId": self.id("a search") });
        self.act(who, "deleteSavedSearch", last).await;
        self.act(who, "disableSecondFactor", json!({ "isConfirmed": true })).await;
        self.act(who, "exportOwnData", json!({})).await;
        let name = format!("Người mới đổi tên {}", self.word());
        let version =
            self.person(who).asks("{ viewer { version } }", json!({})).await.ok()["version"].clone();
        self.act(who, "updateProfile", json!({ "expectedVersion": version, "displayName": name })).await;
        let hours = json!({
            "expectedVersion": version.as_i64().unwrap() + 1, "timeZone": "Asia/Tokyo",
            "quietHours": { "from": "22:00", "until": "06:30" }, "groups": [{ "group": "FOLLOWING", "delivery": "DIGEST" }],
        });
        self.act(who, "updateNotificationPreferences", hours).await;
        self.act(who, "changePassword", json!({ "currentPassword": password, "newPassword": other })).await;
        // What the change tells has arrived before the reset is asked for: mails of one moment come in any order.
        self.world.mail().await;
        self.act("visitor", "requestPasswordReset", json!({ "email": email })).await;
        let token = self.world.last_mail_to(email).await.token().to_owned();
        self.act("visitor", "resetPassword", json!({ "token": token, "newPassword": password })).await;
        self.world.pass(Duration::from_secs(1)).await;

        // Another newcomer gets a post and loses it, is switched off and on again, has another address, and leaves.
        for (nick, leaves) in [("leaver", "eraseAccount"), ("switched off", "deactivateAccount")] {
            let handle = format!("{}-{}", slug_from(nick), self.word());
            let person = self.world.person(&handle, &format!("{nick} {}", self.word())).await;
            let (email, id) = (person.email.clone(), encode(person.account).to_string());
            self.people.insert(nick.to_owned(), person);
            let reason = format!("Tạm khoá {}", self.word());
            self.act("administrator", "deactivateUser", json!({ "userId": id, "reason": reason })).await;
            self.act("administrator", "reactivateUser", json!({ "userId": id })).await;
            self.act("administrator", "grantPlatformRole", json!({ "email": email, "role": "AUDITOR" }))
                .await;
            self.act("administrator", "revokePlatformRole", json!({ "userId": id, "role": "AUDITOR" })).await;
            let moved = format!("{}@example.vn", self.word());
            self.act(nick, "requestEmailChange", json!({ "newEmail": moved, "password": password })).await;
            let token = self.world.last_mail_to(&moved).await.token().to_owned();
            self.act("visitor", "confirmEmailChange", json!({ "token": token })).await;
            self.act(nick, leaves, json!({ "isConfirmed": true })).await;
        }
        let handle = format!("shut-out-{}", self.word());
        let person = self.world.person(&handle, &format!("shut out {}", self.word())).await;
        let input =
            json!({ "userId": encode(person.account).as_str(), "reason": format!("Khoá {}", self.word()) });
        self.people.insert("shut out".to_owned(), person);
        self.act("administrator", "deactivateUser", input).await;
        self.world.pass(Duration::from_secs(1)).await;
    }

    /// What an authenticator app shows for the secret.
    async fn code(&self, secret: &str) -> String {
        let totp = totp_rs::Builder::new()
            .with_secret(totp_rs::Secret::try_from_base32(secret).unwrap())
            .build()
            .unwrap();
        totp.generate(u64::try_from(self.world.now().await.seconds()).unwrap()).to_string()
    }

    /// A draft with everything in it; `closes` and `opens` in days from now.
    async fn drafts(
        &mut self,
        nick: &str,
        by: (&str, &str),
        days: (i64, i64),
        is_blind: bool,
        is_counted: bool,
    ) -> String {
        let now = self.world.now().await;
        let at = |days: i64| now.plus_seconds(days * 86_400).to_rfc3339();
        let section = |kind: &str| json!({ "kind": kind, "text": self.both(kind) });
        let criterion = |weight: u32, needs: bool| json!({ "name": self.both("Tiêu chí"), "weight": weight, "isReasonRequired": needs });
        let input = json!({
            "agencyId": self.house(by.1),
            "title": self.both(nick),
            "summary": self.both("Tóm tắt"),
            "sector": "TAX",
            "draft": {
                "track": "SANDBOX",
                "sections": [section("CONTEXT"), section("CURRENT_PROCESS"), section("EXPECTED_PRODUCT")],
                "indicators": [{
                    "name": self.both("Chỉ số"), "unit": self.both("phút"), "source": self.both("Nguồn"),
                    "baseline": "52.5", "baselineDate": "2026-10-01", "target": "8",
                }],
                "support": [
                    { "stage": "PRE_INCUBATION", "ceiling": { "amount": "40000000", "currency": "VND" } },
                    { "stage": "INCUBATION", "ceiling": { "amount": "80000000", "currency": "VND" } },
                ],
                "criteria": [criterion(60, true), criterion(40, false)],
                "isCalibrated": true,
                "isConfidentialityAllowed": true,
                "isBlind": is_blind,
                "showsProposalCount": is_counted,
                "opensAt": at(days.0),
                "closesAt": at(days.1),
                "questionsUntil": at(days.1),
                "sourceUrl": format!("https://example.vn/{}", self.word()),
            },
        });
        let done = self.act(by.0, "createChallenge", input).await;
        let id = text(&done["challenge"]["id"]);
        self.ids.insert(nick.to_owned(), id.clone());
        self.hangs(by.0, &json!({ "challengeId": id }), File::Clean).await;
        id
    }

    /// Hangs a file on a challenge or a proposal.
    async fn hangs(&mut self, nick: &str, on: &Value, file: File) -> String {
        // A page is no text.
        let bytes = if file == File::Refused { "<html>" } else { "Số liệu" }.as_bytes().to_vec();
        let name = format!("Phụ lục {}.txt", self.word());
        let mut input = json!({ "on": on, "name": name, "size": bytes.len() });
        if file == File::Confided {
            input["confidentiality"] = "DECISION_MAKERS_ONLY".into();
        }
        let done = self.act(nick, "createUpload", input).await;
        let id = text(&done["attachment"]["id"]);
        if file != File::Awaited {
            let url = text(&done["upload"]["url"]);
            let sent = e2e::file::request(&self.world.visitor, reqwest::Method::PUT, &url, &[], bytes).await;
            assert_eq!(sent.status, reqwest::StatusCode::NO_CONTENT);
        }
        match file {
            File::Awaited | File::Quarantined => {}
            File::Clean | File::Confided => {
                drop(self.act(nick, "completeUpload", json!({ "attachmentId": id })).await);
            }
            File::Refused => {
                let input = json!({ "attachmentId": id });
                self.person(nick).does("completeUpload", input, "attachment { id }").await.refused();
            }
        }
        id
    }

    async fn hands_in(&mut self, challenge: &str) {
        self.act("drafter", "submitChallengeForApproval", json!({ "challengeId": challenge })).await;
    }

    async fn approves(&mut self, challenge: &str) {
        let input = json!({ "challengeId": challenge, "record": self.record() });
        self.act("officer", "approveChallenge", input).await;
    }

    async fn publishes(&mut self, nick: &str, days: (i64, i64), is_blind: bool, is_counted: bool) -> String {
        let challenge = self.drafts(nick, ("lead", "agency"), days, is_blind, is_counted).await;
        self.hands_in(&challenge).await;
        self.approves(&challenge).await;
        let input = json!({ "challengeId": challenge, "record": self.record() });
        self.act("publisher", "publishChallenge", input).await;
        challenge
    }

    async fn challenges_before_publication(&mut self) {
        let agency = ("drafter", "agency");
        let draft = self.drafts("a draft", agency, (1, 10), false, true).await;
        let input =
            json!({ "challengeId": draft, "expectedVersion": 1, "summary": self.both("Tóm tắt mới") });
        self.act("lead", "updateChallenge", input).await;
        let on = json!({ "challengeId": draft });
        self.hangs("lead", &on, File::Awaited).await;
        self.hangs("lead", &on, File::Quarantined).await;
        self.hangs("drafter", &on, File::Refused).await;
        let gone = self.hangs("drafter", &on, File::Clean).await;
        self.act("drafter", "removeAttachment", json!({ "attachmentId": gone })).await;
        self.act("drafter", "sharePreview", json!({ "challengeId": draft })).await;
        self.drafts("a draft elsewhere", ("other lead", "other agency"), (1, 10), false, false).await;
        let in_review = self.drafts("in review", agency, (1, 10), false, false).await;
        self.hands_in(&in_review).await;
        let returned = self.drafts("returned", agency, (1, 10), false, false).await;
        self.hands_in(&returned).await;
        let reason = format!("Xin nêu rõ {}", self.word());
        let section = json!({ "kind": "CONTEXT", "comment": format!("Bối cảnh {}", self.word()) });
        let input = json!({ "challengeId": returned, "reason": reason, "sections": [section] });
        self.act("officer", "requestChallengeChanges", input).await;
        let like = json!({ "challengeId": returned, "agencyId": self.house("agency"), "title": self.both("Bản sao") });
        self.act("drafter", "cloneChallenge", like).await;
        self.act("drafter", "sharePreview", json!({ "challengeId": returned, "days": 30 })).await;
        self.act("lead", "revokePreview", json!({ "challengeId": returned })).await;
        for (nick, recalled) in [("approved", false), ("recalled", true)] {
            let challenge = self.drafts(nick, agency, (1, 10), false, false).await;
            self.hands_in(&challenge).await;
            self.approves(&challenge).await;
            if recalled {
                self.act("lead", "recallChallenge", json!({ "challengeId": challenge })).await;
            }
        }
        let scheduled = self.drafts("scheduled", agency, (1, 60), false, false).await;
        self.hands_in(&scheduled).await;
        self.approves(&scheduled).await;
        let time = self.world.now().await.plus_seconds(50 * 86_400).to_rfc3339();
        let input = json!({ "challengeId": scheduled, "record": self.record(), "publishAt": time });
        self.act("publisher", "publishChallenge", input).await;
        let given_up = self.drafts("given up", agency, (1, 10), false, false).await;
        self.hands_in(&given_up).await;
        self.approves(&given_up).await;
        self.halts("publisher", "cancelChallenge", "given up").await;
    }

    async fn halts(&mut self, nick: &str, mutation: &str, challenge: &str) {
        let input = json!({ "challengeId": self.id(challenge), "reason": format!("Lý do {}", self.word()) });
        self.act(nick, mutation, input).await;
    }

    /// A house asks about a challenge.
    async fn asks(&mut self, house: &str, challenge: &str, nick: &str) {
        let input = json!({
            "challengeId": self.id(challenge),
            "organizationId": self.house(house),
            "text": format!("Xin hỏi {}", self.word()),
        });
        let done = self.act(&format!("{house} owner"), "askQuestion", input).await;
        self.ids.insert(nick.to_owned(), text(&done["question"]["id"]));
    }

    async fn challenge_version(&self, challenge: &str) -> i32 {
        let id: ChallengeId = PublicId::from_public(challenge).unwrap();
        Facts::read(&self.world).await.challenge_of(id).version
    }

    async fn challenges_under_seal(&mut self) {
        self.publishes("upcoming", (30, 60), false, false).await;

        let open = self.publishes("open", (0, 60), false, false).await;
        self.appoint("open", &open, COUNCIL).await;
        self.proposes("song", "open").await;
        let edited = self.proposes("hong", "open").await;
        self.rewrites("hong owner", &edited).await;
        let on = json!({ "proposalId": edited });
        let former = self.hangs("hong owner", &on, File::Clean).await;
        let again = json!({ "proposalId": edited, "declaresOwnership": true });
        self.act("hong owner", "submitProposal", again.clone()).await;
        self.act("hong owner", "removeAttachment", json!({ "attachmentId": former })).await;
        self.act("hong owner", "submitProposal", again).await;
        self.hangs("hong owner", &on, File::Quarantined).await;
        self.rewrites("hong owner", &edited).await;
        self.writes("sao", "open").await;
        let withdrawn = self.proposes("tre", "open").await;
        self.act("tre owner", "withdrawProposal", json!({ "proposalId": withdrawn })).await;
        let (challenge, agency) = (self.id("open").to_owned(), self.house("agency"));
        for nick in ["tre owner", "hong owner"] {
            self.act(nick, "followChallenge", json!({ "challengeId": challenge })).await;
            self.act(nick, "followAgency", json!({ "agencyId": agency })).await;
            self.act(nick, "followSector", json!({ "sector": "TRANSPORT" })).await;
        }
        self.world.is_quiet().await;
        self.act("hong owner", "markNotificationsRead", json!({})).await;
        self.act("tre owner", "unfollowChallenge", json!({ "challengeId": challenge })).await;
        self.act("tre owner", "unfollowAgency", json!({ "agencyId": agency })).await;
        self.act("tre owner", "reviveProposal", json!({ "proposalId": withdrawn })).await;
        self.act("tre owner", "withdrawProposal", json!({ "proposalId": withdrawn })).await;

        for (house, question) in
            [("song", "answered"), ("hong", "declined"), ("song", "waits"), ("hong", "waits too")]
        {
            self.asks(house, "open", question).await;
        }
        let input = json!({
            "questionId": self.id("answered"),
            "publishedText": format!("Hỏi gọn {}", self.word()),
            "answer": self.both("Trả lời"),
        });
        self.act("drafter", "answerQuestion", input).await;
        let reason = format!("Đã nêu {}", self.word());
        self.act(
            "officer",
            "declineQuestion",
            json!({ "questionId": self.id("declined"), "reason": reason }),
        )
        .await;

        let amended = self.publishes("amended", (0, 60), false, false).await;
        self.hangs("lead", &json!({ "challengeId": amended }), File::Clean).await;
        self.proposes("song", "amended").await;
        let section = |kind: &str| json!({ "kind": kind, "text": self.both(kind) });
        let input = json!({
            "challengeId": amended,
            "expectedVersion": self.challenge_version(&amended).await,
            "changeNote": self.both("Sửa đổi"),
            "title": self.both("Tên mới"),
            "summary": self.both("Tóm tắt mới"),
            "sections": [section("CONTEXT"), section("CURRENT_PROCESS"), section("EXPECTED_PRODUCT"), section("SUPPORT")],
            "closesAt": domain::time::Timestamp::parse("2199-01-01T00:00:00Z").unwrap().to_rfc3339(),
        });
        self.act("lead", "amendChallenge", input).await;
        self.hangs("lead", &json!({ "challengeId": amended }), File::Clean).await;
        for nick in ["lead", "officer"] {
            let input = json!({ "challengeId": amended, "text": self.both("Thông báo") });
            self.act(nick, "publishAnnouncement", input).await;
        }
        for (nick, of) in [("in review", "amended"), ("open", "amended"), ("upcoming", "amended")] {
            let link = json!({ "challengeId": self.id(nick), "duplicateOfId": self.id(of) });
            self.act("officer", "linkDuplicate", link).await;
        }
        self.act("officer", "unlinkDuplicate", json!({ "challengeId": self.id("upcoming") })).await;
        for (nick, house) in [("lead", "agency"), ("song owner", "song")] {
            let facts = Facts::read(&self.world).await;
            let row = facts.organization.iter().find(|row| row.id == self.houses[house]).unwrap();
            let input = json!({
                "organizationId": self.house(house), "expectedVersion": row.version, "about": self.both("Giới thiệu"),
                "website": format!("https://example.vn/{}", self.word()),
            });
            self.act(nick, "describeOrganization", input).await;
        }
        self.halts("officer", "pauseChallenge", "amended").await;
        self.act("officer", "resumeChallenge", json!({ "challengeId": amended })).await;

        self.publishes("paused", (0, 60), false, false).await;
        self.proposes("song", "paused").await;
        self.halts("officer", "pauseChallenge", "paused").await;

        let cancelled = self.publishes("cancelled", (0, 60), false, false).await;
        self.appoint("cancelled", &cancelled, &[("chair elsewhere", "CHAIR")]).await;
        self.proposes("song", "cancelled").await;
        self.writes("hong", "cancelled").await;
        self.halts("publisher", "cancelChallenge", "cancelled").await;

        let counted = self.publishes("open and counted", (0, 60), true, true).await;
        self.appoint("open and counted", &counted, &[("chair elsewhere", "CHAIR")]).await;
        self.proposes("song", "open and counted").await;

        let closed = self.publishes("closed", (0, 10), false, false).await;
        self.appoint("closed", &closed, COUNCIL).await;
        self.proposes("song", "closed").await;
        self.proposes("hong", "closed").await;

        let opened = self.publishes("evaluation", (0, 10), false, false).await;
        self.appoint("evaluation", &opened, COUNCIL).await;
        for house in ["song", "hong", "sao", "tre", "lua", "nhom"] {
            self.proposes(house, "evaluation").await;
        }
        self.writes("gio", "evaluation").await;

        // The insiders' old houses do not bid here.
        let elsewhere = self.publishes("evaluation of others", (0, 10), true, false).await;
        self.appoint("evaluation of others", &elsewhere, COUNCIL).await;
        self.proposes("sao", "evaluation of others").await;
        self.proposes("tre", "evaluation of others").await;

        let locked = self.publishes("locked", (0, 10), true, false).await;
        self.appoint("locked", &locked, COUNCIL).await;
        for house in ["song", "sao", "tre", "lua"] {
            self.proposes(house, "locked").await;
        }
    }

    async fn appoint(&mut self, nick: &str, challenge: &str, council: &[(&str, &str)]) {
        for (member, role) in council {
            let email = self.person(member).email.clone();
            let input = json!({ "challengeId": challenge, "email": email, "role": role });
            let done = self.act("officer", "appointCouncilMember", input).await;
            self.seats.insert((nick.to_owned(), (*member).to_owned()), text(&done["councilMember"]["id"]));
        }
        let email = self.person("authority").email.clone();
        self.act("officer", "nameDecisionMaker", json!({ "challengeId": challenge, "email": email })).await;
    }

    /// A house drafts a proposal; it is called `<house> in <challenge>`.
    async fn writes(&mut self, house: &str, challenge: &str) -> String {
        let section = |kind: &str| json!({ "kind": kind, "text": format!("{kind} {}", self.word()) });
        let input = json!({
            "challengeId": self.id(challenge),
            "organizationId": self.house(house),
            "title": format!("Đề xuất {}", self.word()),
            "summary": format!("Tóm tắt {}", self.word()),
            "sections": [
                section("SOLUTION"), section("PLAN"),
                { "kind": "TECHNOLOGY", "text": self.word(), "confidentiality": "DECISION_MAKERS_ONLY" },
                { "kind": "IMPACT", "text": self.word(), "confidentiality": "PUBLIC_SUMMARY" },
            ],
            "budget": { "amount": "400000000", "currency": "VND" },
            "budgetConfidentiality": "PUBLIC_SUMMARY",
        });
        let done = self.act(&format!("{house} owner"), "createProposal", input).await;
        let id = text(&done["proposal"]["id"]);
        self.ids.insert(format!("{house} in {challenge}"), id.clone());
        let on = json!({ "proposalId": id });
        self.hangs(&format!("{house} owner"), &on, File::Clean).await;
        if house == "song" {
            self.hangs(&format!("{house} owner"), &on, File::Confided).await;
        }
        id
    }

    async fn proposes(&mut self, house: &str, challenge: &str) -> String {
        let id = self.writes(house, challenge).await;
        let input = json!({ "proposalId": id, "declaresOwnership": true });
        self.act(&format!("{house} owner"), "submitProposal", input).await;
        id
    }

    async fn rewrites(&mut self, owner: &str, proposal: &str) {
        let facts = Facts::read(&self.world).await;
        let id: ProposalId = PublicId::from_public(proposal).unwrap();
        let input = json!({
            "proposalId": proposal,
            "expectedVersion": facts.proposal_of(id).version,
            "title": format!("Bản mới {}", self.word()),
        });
        self.act(owner, "updateProposal", input).await;
    }

    async fn opens(&mut self, challenge: &str) {
        let input = json!({ "challengeId": self.id(challenge) });
        self.act("secretary", "requestProposalOpening", input.clone()).await;
        self.act("vice chair", "confirmProposalOpening", input).await;
    }

    async fn asks_for_more(&mut self, proposal: &str) {
        let input = json!({
            "proposalId": self.id(proposal), "question": format!("Xin nêu rõ {}", self.word()),
            "sections": ["PLAN"], "dueAt": "2190-01-01T00:00:00Z",
        });
        self.act("secretary", "askClarification", input).await;
    }

    async fn screens(&mut self, proposal: &str, is_eligible: bool) {
        let id = self.id(proposal).to_owned();
        self.act("secretary", "declareNoConflict", json!({ "proposalId": id })).await;
        let input = json!({ "proposalId": id, "isEligible": is_eligible, "reason": format!("Sơ loại {}", self.word()) });
        self.act("secretary", "screenProposal", input).await;
    }

    /// Offers reviews and returns their ids.
    async fn assigns(&mut self, challenge: &str, proposal: &str, members: &[&str]) -> Vec<String> {
        let seats: Vec<_> = members.iter().map(|member| self.seat(challenge, member).to_owned()).collect();
        let assignment = json!({ "proposalId": self.id(proposal), "memberIds": seats });
        let due = "2190-01-01T00:00:00Z";
        let input = json!({ "challengeId": self.id(challenge), "assignments": [assignment], "dueAt": due });
        let done = self.act("secretary", "assignReviews", input).await;
        done["reviews"].as_array().unwrap().iter().map(|review| text(&review["id"])).collect()
    }

    async fn accepts(&mut self, member: &str, proposal: &str) {
        let input = json!({ "proposalId": self.id(proposal) });
        self.act(member, "declareNoConflict", input).await;
    }

    async fn saves(&mut self, member: &str, review: &str, scores: [&str; 2]) {
        let facts = Facts::read(&self.world).await;
        let id: domain::id::ReviewId = PublicId::from_public(review).unwrap();
        let row = facts.review.iter().find(|row| row.id == id).unwrap();
        let mut criteria: Vec<_> =
            facts.criterion.iter().filter(|criterion| criterion.challenge_id == row.challenge_id).collect();
        criteria.sort_by_key(|criterion| criterion.position);
        let mark = |(criterion, score): (&&criterion::Model, &str)| json!({ "criterionId": encode(criterion.id).as_str(), "score": score, "reason": format!("Vì {}", self.word()) });
        let marks: Vec<_> = criteria.iter().zip(scores).map(mark).collect();
        let input = json!({
            "reviewId": review, "expectedVersion": row.version, "marks": marks,
            "comment": format!("Nhận xét {}", self.word()),
        });
        self.act(member, "saveScoreSheet", input).await;
    }

    async fn scores(&mut self, member: &str, proposal: &str, review: &str, scores: [&str; 2]) {
        self.accepts(member, proposal).await;
        self.saves(member, review, scores).await;
        self.act(member, "submitReview", json!({ "reviewId": review })).await;
    }

    async fn recuses(&mut self, member: &str, proposal: &str) {
        let reason = format!("Anh em họ {}", self.word());
        let input = json!({ "proposalId": self.id(proposal), "kind": "KINSHIP", "reason": reason });
        self.act(member, "declareConflict", input).await;
    }

    async fn evaluation(&mut self) {
        // Asked for, not opened.
        let input = json!({ "challengeId": self.id("closed") });
        self.act("secretary", "requestProposalOpening", input).await;

        for challenge in ["evaluation", "evaluation of others", "locked"] {
            self.opens(challenge).await;
        }
        // Every status side by side. The proposal of tre stays submitted, that of gio a draft.
        self.screens("song in evaluation", true).await;
        self.screens("hong in evaluation", true).await;
        self.screens("sao in evaluation", false).await;
        self.asks_for_more("song in evaluation").await;
        let answer = json!({ "proposalId": self.id("song in evaluation"), "answer": format!("Trả lời {}", self.word()) });
        self.act("song owner", "answerClarification", answer).await;
        self.screens("nhom in evaluation", true).await;
        self.asks_for_more("nhom in evaluation").await;
        let withdrawn = self.id("lua in evaluation").to_owned();
        self.act("lua owner", "withdrawProposal", json!({ "proposalId": withdrawn })).await;
        for (challenge, proposal) in
            [("evaluation", "song in evaluation"), ("evaluation of others", "sao in evaluation of others")]
        {
            if challenge != "evaluation" {
                self.screens(proposal, true).await;
            }
            let members =
                ["reviewer", "half-done reviewer", "accepted member", "offered member", "recused reviewer"];
            let reviews = self.assigns(challenge, proposal, &members).await;
            self.scores("reviewer", proposal, &reviews[0], ["7.13", "6.21"]).await;
            self.accepts("half-done reviewer", proposal).await;
            self.saves("half-done reviewer", &reviews[1], ["5.17", "4.29"]).await;
            self.accepts("accepted member", proposal).await;
            self.accepts("recused reviewer", proposal).await;
            self.saves("recused reviewer", &reviews[4], ["9.99", "9.97"]).await;
            self.recuses("recused reviewer", proposal).await;
        }

        // Planned and released, and planned only; for one proposal there are too few who may.
        self.screens("tre in evaluation of others", true).await;
        let others = self.id("evaluation of others").to_owned();
        let members = ["offered member", "accepted member", "reviewer"];
        let reviews = self.assigns("evaluation of others", "tre in evaluation of others", &members).await;
        let reason = format!("Đi công tác {}", self.word());
        self.act(members[0], "declineReview", json!({ "reviewId": reviews[0], "reason": reason })).await;
        self.scores(members[1], "tre in evaluation of others", &reviews[1], ["4.31", "5.32"]).await;
        let reason = format!("Quá tải {}", self.word());
        self.act("secretary", "revokeReview", json!({ "reviewId": reviews[1], "reason": reason })).await;
        self.scores(members[2], "tre in evaluation of others", &reviews[2], ["4.33", "5.34"]).await;
        self.accepts("chair", "tre in evaluation of others").await;
        let reason = format!("Nhầm thang điểm {}", self.word());
        self.act("chair", "reopenReview", json!({ "reviewId": reviews[2], "reason": reason })).await;
        let plan = json!({ "challengeId": others, "reviewersPerProposal": 2, "maxLoad": 9, "seed": 7 });
        self.act("secretary", "planReviews", plan).await;
        let release = json!({ "challengeId": others, "expectedVersion": 1 });
        self.act("secretary", "releaseReviewPlan", release).await;
        let plan = json!({ "challengeId": self.id("evaluation"), "reviewersPerProposal": 9, "maxLoad": 9, "seed": 7 });
        self.act("secretary", "planReviews", plan).await;
        self.accepts("chair", "song in evaluation").await;

        // A round to its lock; one sheet is not in by then, and one comes to light as in conflict afterwards.
        self.screens("sao in locked", true).await;
        self.screens("song in locked", true).await;
        self.screens("tre in locked", true).await;
        self.screens("lua in locked", false).await;
        let members = ["reviewer", "half-done reviewer", "accepted member", "offered member"];
        let mut sheets = BTreeMap::new();
        for (proposal, scores) in [
            ("song in locked", [["9.01", "8.02"], ["8.03", "9.04"], ["7.05", "9.06"]]),
            ("sao in locked", [["6.07", "7.08"], ["7.09", "6.11"], ["5.12", "8.14"]]),
            ("tre in locked", [["8.16", "8.18"], ["8.19", "7.22"], ["7.23", "7.24"]]),
        ] {
            let reviews = self.assigns("locked", proposal, &members).await;
            for (place, scores) in scores.into_iter().enumerate() {
                self.scores(members[place], proposal, &reviews[place], scores).await;
            }
            sheets.insert(proposal, reviews);
        }
        for copy in [
            "drafted",
            "set aside",
            "proposed",
            "approved by the authority",
            "awarded",
            "promoted",
            "without award",
        ] {
            self.copies("locked", copy, &["song", "sao", "tre", "lua"]).await;
        }
        for challenge in [
            "locked",
            "drafted",
            "set aside",
            "proposed",
            "approved by the authority",
            "awarded",
            "promoted",
            "without award",
        ] {
            self.act("chair", "lockRound", json!({ "challengeId": self.id(challenge) })).await;
        }
        // A sheet is evidence and stays when its member turns out to be in conflict.
        self.recuses("half-done reviewer", "tre in locked").await;
        self.recuses("recused reviewer", "song in locked").await;
        // One is out of the count, of another one that is asked for.
        let voided = [(&sheets["tre in locked"][1], true), (&sheets["sao in locked"][2], false)];
        for (review, is_confirmed) in voided {
            let reason = format!("Xung đột phát hiện sau {}", self.word());
            self.act("chair", "requestReviewVoid", json!({ "reviewId": review, "reason": reason })).await;
            if is_confirmed {
                self.act("authority", "confirmReviewVoid", json!({ "reviewId": review })).await;
            }
        }
    }

    async fn asks_out(&mut self, proposal: &str) {
        let reason = format!("Sao chép từ {}", self.word());
        let input = json!({ "proposalId": self.id(proposal), "ground": "NOT_THEIR_OWN", "reason": reason });
        self.act("secretary", "requestDisqualification", input).await;
    }

    async fn starts(&mut self, challenge: &str) -> String {
        let done = self.act("chair", "startDecision", json!({ "challengeId": self.id(challenge) })).await;
        text(&done["decision"]["id"])
    }

    async fn version_of(&self, decision: &str) -> i32 {
        let id: domain::id::DecisionId = PublicId::from_public(decision).unwrap();
        decision::Entity::find_by_id(id).one(self.world.db()).await.unwrap().unwrap().version
    }

    async fn decides(&mut self, challenge: &str, decision: &str, outcomes: [&str; 3]) {
        let version = self.version_of(decision).await;
        let outcomes: Vec<_> = ["song", "sao", "tre"]
            .iter()
            .zip(outcomes)
            .map(|(house, outcome)| {
                let proposal = self.id(&format!("{house} in {challenge}"));
                json!({ "proposalId": proposal, "outcome": outcome, "feedback": format!("Phản hồi {}", self.word()) })
            })
            .collect();
        let reason = format!("Khác xếp hạng vì {}", self.word());
        let input = json!({ "decisionId": decision, "expectedVersion": version, "outcomes": outcomes, "departureReason": reason });
        self.act("secretary", "updateDecision", input).await;
    }

    /// The time for appeals is over: of this one alone, for the town lives on.
    async fn is_final(&self, decision: &str) {
        let id: domain::id::DecisionId = PublicId::from_public(decision).unwrap();
        let over = decision::ActiveModel {
            status: sea_orm::ActiveValue::Set(DecisionStatus::Final),
            ..Default::default()
        };
        let of = decision::Entity::update_many().set(over).filter(decision::Column::Id.eq(id));
        of.exec(self.world.db()).await.unwrap();
    }

    async fn approves_decision(&mut self, decision: &str) {
        let input = json!({ "decisionId": decision, "expectedVersion": self.version_of(decision).await });
        self.act("authority", "approveDecision", input).await;
    }

    async fn decisions(&mut self) {
        const DEPARTS: [&str; 3] = ["RESERVE", "NOT_SELECTED", "SELECTED"];
        let drafted = self.starts("drafted").await;
        self.decides("drafted", &drafted, DEPARTS).await;
        // One is out of the running, one was left in, and of one that is asked.
        for proposal in ["sao in drafted", "song in drafted", "song in locked"] {
            self.asks_out(proposal).await;
        }
        let out = json!({ "proposalId": self.id("sao in drafted") });
        self.act("authority", "confirmDisqualification", out).await;
        let left = json!({ "proposalId": self.id("song in drafted"), "reason": format!("Không phải {}", self.word()) });
        self.act("authority", "refuseDisqualification", left).await;

        let proposed = self.starts("proposed").await;
        self.decides("proposed", &proposed, DEPARTS).await;
        self.act("chair", "proposeDecision", json!({ "decisionId": proposed })).await;
        let withdrawn = self.id("sao in proposed").to_owned();
        self.act("sao owner", "withdrawProposal", json!({ "proposalId": withdrawn })).await;

        let approved = self.starts("approved by the authority").await;
        self.decides("approved by the authority", &approved, DEPARTS).await;
        self.act("chair", "proposeDecision", json!({ "decisionId": approved })).await;
        self.approves_decision(&approved).await;
        self.recuses("vice chair", "tre in approved by the authority").await;
        let input = json!({
            "decisionId": approved, "record": self.record(), "publishAt": "2199-12-31T00:00:00Z",
        });
        self.act("publisher", "publishDecision", input).await;

        let awarded = self.starts("awarded").await;
        self.decides("awarded", &awarded, DEPARTS).await;
        self.act("chair", "proposeDecision", json!({ "decisionId": awarded })).await;
        self.recuses("chair", "sao in awarded").await;
        self.recuses("recused reviewer", "tre in awarded").await;
        self.approves_decision(&awarded).await;
        let input = json!({ "decisionId": awarded, "record": self.record() });
        self.act("publisher", "publishDecision", input).await;

        let first = self.starts("promoted").await;
        self.decides("promoted", &first, ["SELECTED", "RESERVE", "NOT_SELECTED"]).await;
        self.recuses("reviewer", "tre in promoted").await;
        self.act("chair", "proposeDecision", json!({ "decisionId": first })).await;
        self.approves_decision(&first).await;
        let input = json!({ "decisionId": first, "record": self.record() });
        self.act("publisher", "publishDecision", input).await;
        self.is_final(&first).await;
        self.asks_out("song in promoted").await;
        let out = json!({ "proposalId": self.id("song in promoted") });
        self.act("authority", "confirmDisqualification", out).await;
        let begun = json!({ "challengeId": self.id("promoted") });
        let promotion = text(&self.act("chair", "startPromotion", begun).await["decision"]["id"]);
        let reason = format!("Dưới điểm đạt, nhưng {}", self.word());
        let input = json!({ "decisionId": promotion, "expectedVersion": 1, "departureReason": reason });
        self.act("secretary", "updateDecision", input).await;
        self.act("chair", "proposeDecision", json!({ "decisionId": promotion })).await;
        self.approves_decision(&promotion).await;

        let without = self.starts("without award").await;
        self.decides("without award", &without, ["NOT_SELECTED"; 3]).await;
        self.act("chair", "proposeDecision", json!({ "decisionId": without })).await;
        self.approves_decision(&without).await;
        let input = json!({ "decisionId": without, "record": self.record() });
        self.act("publisher", "publishDecision", input).await;
        let dismissed = self.appeals("song owner", "song in without award").await;
        self.appeals("sao owner", "sao in without award").await;
        self.rules(&dismissed, "DISMISS").await;

        let aside = self.starts("set aside").await;
        self.decides("set aside", &aside, DEPARTS).await;
        self.act("chair", "proposeDecision", json!({ "decisionId": aside })).await;
        self.approves_decision(&aside).await;
        let input = json!({ "decisionId": aside, "record": self.record() });
        self.act("publisher", "publishDecision", input).await;
        let granted = self.appeals("sao owner", "sao in set aside").await;
        self.appeals("tre owner", "tre in set aside").await;
        self.rules(&granted, "GRANT").await;

        // The one that takes its place comes back to the chair.
        let anew = decision::Entity::find().filter(decision::Column::Status.eq(DecisionStatus::Draft));
        let anew = anew.filter(decision::Column::ReturnReason.is_not_null()).one(self.world.db()).await;
        let anew = encode(anew.unwrap().unwrap().id).to_string();
        self.decides("set aside", &anew, DEPARTS).await;
        self.act("chair", "proposeDecision", json!({ "decisionId": anew })).await;
        let input = json!({ "decisionId": anew, "reason": format!("Xin xem lại {}", self.word()) });
        self.act("authority", "returnDecision", input).await;
    }

    async fn appeals(&mut self, owner: &str, proposal: &str) -> String {
        let input =
            json!({ "proposalId": self.id(proposal), "grounds": format!("Điểm sai: {}", self.word()) });
        let done = self.act(owner, "fileAppeal", input).await;
        text(&done["appeal"]["id"])
    }

    async fn rules(&mut self, appeal: &str, ruling: &str) {
        let reason = format!("Đã kiểm tra {}", self.word());
        let input = json!({ "appealId": appeal, "ruling": ruling, "reason": reason });
        self.act("publisher", "ruleOnAppeal", input).await;
    }

    /// A challenge with all that hangs on it once more, with new ids and words: telling it again would take too long.
    async fn copies(&mut self, from: &str, to: &str, houses: &[&str]) {
        let facts = Facts::read(&self.world).await;
        let db = self.world.db();
        let mut renewed = BTreeMap::new();
        let mut fresh = |text: &String| {
            let mut text = text.clone();
            for old in words(&text.clone()).collect::<Vec<_>>() {
                let new = renewed
                    .entry(old.clone())
                    .or_insert_with(|| word(self.words.fetch_add(1, Ordering::Relaxed)));
                text = text.replace(&old, new);
            }
            text
        };
        let source: ChallengeId = PublicId::from_public(self.id(from)).unwrap();
        let challenge = facts.challenge_of(source);
        let id = ids::random();
        let record = |record: &domain::challenge::OfficialRecord,
                      fresh: &mut dyn FnMut(&String) -> String| {
            domain::challenge::OfficialRecord {
                number: fresh(&record.number),
                day: record.day.clone(),
                signer: fresh(&record.signer),
                document_url: fresh(&record.document_url),
            }
        };
        let bilingual = |text: &Bilingual, fresh: &mut dyn FnMut(&String) -> String| Bilingual {
            vi: fresh(&text.vi),
            en: text.en.as_ref().map(fresh),
        };
        let brief =
            challenge.brief.0.iter().map(|(kind, text)| (*kind, bilingual(text, &mut fresh))).collect();
        let copy = challenge::Model {
            id,
            slug: fresh(&challenge.slug),
            title_vi: fresh(&challenge.title_vi),
            title_en: challenge.title_en.as_ref().map(&mut fresh),
            title_key: fresh(&challenge.title_key),
            summary_vi: fresh(&challenge.summary_vi),
            summary_en: challenge.summary_en.as_ref().map(&mut fresh),
            search_text: fresh(&challenge.search_text),
            source_url: challenge.source_url.as_ref().map(&mut fresh),
            approval: challenge.approval.as_ref().map(|approval| record(approval, &mut fresh)),
            publication: challenge.publication.as_ref().map(|publication| record(publication, &mut fresh)),
            brief: domain::challenge::Brief(brief),
            ..challenge.clone()
        };
        let agency = facts.organization.iter().find(|row| row.id == copy.agency_id);
        let words = if copy.is_public { app::search::words(&copy, agency) } else { Vec::new() };
        insert(db, [copy]).await.unwrap();
        insert(db, words).await.unwrap();
        self.ids.insert(to.to_owned(), encode(id).to_string());
        let here = |challenge: ChallengeId| challenge == source;
        let authors = facts.challenge_author.iter().filter(|row| here(row.challenge_id));
        insert(db, authors.map(|row| challenge_author::Model { challenge_id: id, ..row.clone() }))
            .await
            .unwrap();
        let openings = facts.opening.iter().filter(|row| here(row.challenge_id));
        insert(db, openings.map(|row| opening::Model { challenge_id: id, ..row.clone() })).await.unwrap();
        let indicators =
            facts.indicator.iter().filter(|row| here(row.challenge_id)).map(|row| indicator::Model {
                id: ids::random(),
                challenge_id: id,
                name_vi: fresh(&row.name_vi),
                name_en: row.name_en.as_ref().map(&mut fresh),
                unit_vi: fresh(&row.unit_vi),
                unit_en: row.unit_en.as_ref().map(&mut fresh),
                source_vi: fresh(&row.source_vi),
                source_en: row.source_en.as_ref().map(&mut fresh),
                ..row.clone()
            });
        insert(db, indicators.collect::<Vec<_>>()).await.unwrap();
        let mut criteria = BTreeMap::new();
        let rows = facts.criterion.iter().filter(|row| here(row.challenge_id)).map(|row| {
            let copy = ids::random();
            criteria.insert(row.id, copy);
            criterion::Model {
                id: copy,
                challenge_id: id,
                name_vi: fresh(&row.name_vi),
                name_en: row.name_en.as_ref().map(&mut fresh),
                ..row.clone()
            }
        });
        let rows: Vec<_> = rows.collect();
        insert(db, rows).await.unwrap();
        let mut seats = BTreeMap::new();
        let rows = facts.council_member.iter().filter(|row| here(row.challenge_id)).map(|row| {
            let copy = ids::random();
            seats.insert(row.id, copy);
            council_member::Model { id: copy, challenge_id: id, ..row.clone() }
        });
        let rows: Vec<_> = rows.collect();
        insert(db, rows).await.unwrap();
        let mut proposals = BTreeMap::new();
        let rows = facts.proposal.iter().filter(|row| here(row.challenge_id)).map(|row| {
            let copy: ProposalId = ids::random();
            proposals.insert(row.id, copy);
            let reason = row.status_reason.as_ref().map(&mut fresh);
            proposal::Model { id: copy, challenge_id: id, status_reason: reason, ..row.clone() }
        });
        let rows: Vec<_> = rows.collect();
        for house in houses {
            let row = rows.iter().find(|row| row.organization_id == self.houses[*house]).unwrap();
            self.ids.insert(format!("{house} in {to}"), encode(row.id).to_string());
        }
        insert(db, rows).await.unwrap();
        let drafts = facts.proposal_draft.iter().filter_map(|row| {
            Some(proposal_draft::Model {
                proposal_id: *proposals.get(&row.proposal_id)?,
                content: fresh(&row.content),
            })
        });
        insert(db, drafts.collect::<Vec<_>>()).await.unwrap();
        let versions = facts.proposal_version.iter().filter_map(|row| {
            let content = fresh(&row.content);
            let sha256 = serde_json::from_str::<Content>(&content).unwrap().sha256();
            let proposal_id = *proposals.get(&row.proposal_id)?;
            Some(proposal_version::Model { id: ids::random(), proposal_id, content, sha256, ..row.clone() })
        });
        insert(db, versions.collect::<Vec<_>>()).await.unwrap();
        app::vault::bring_up_to_date(self.world.app()).await.unwrap();
        let vault = Vault::open(&self.world).await;
        let files = facts.attachment.iter().filter(|row| here(row.challenge_id)).map(|row| {
            let (file, proposal_id) = (ids::random(), row.proposal_id.map(|old| proposals[&old]));
            let place = attachment_place(id, proposal_id, file);
            let details = vault.seal(id, &place, &fresh(&row.details));
            attachment::Model { id: file, challenge_id: id, proposal_id, details, ..row.clone() }
        });
        insert(db, files.collect::<Vec<_>>()).await.unwrap();
        let declarations = facts.conflict_declaration.iter().filter_map(|row| {
            let proposal_id = *proposals.get(&row.proposal_id)?;
            let reason = row.reason.as_ref().map(&mut fresh);
            Some(conflict_declaration::Model { proposal_id, reason, ..row.clone() })
        });
        insert(db, declarations.collect::<Vec<_>>()).await.unwrap();
        let reviews = facts.review.iter().filter(|row| here(row.challenge_id)).map(|row| {
            let marks = row.sheet.0.iter().map(|(criterion, mark)| {
                let reason = mark.reason.as_ref().map(&mut fresh);
                (criteria[criterion], domain::score::Mark { reason, ..mark.clone() })
            });
            let sheet = domain::score::Sheet(marks.collect());
            review::Model {
                id: ids::random(),
                challenge_id: id,
                proposal_id: proposals[&row.proposal_id],
                member_id: seats[&row.member_id],
                sheet,
                comment: row.comment.as_ref().map(&mut fresh),
                ..row.clone()
            }
        });
        insert(db, reviews.collect::<Vec<_>>()).await.unwrap();
    }
}
