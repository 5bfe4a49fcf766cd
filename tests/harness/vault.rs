//! Opens what the server seals: with the key of its configuration, and without asking whether one may.

use std::collections::HashMap;

use app::seal::Seal;
use app::vault::key_place;
use domain::id::ChallengeId;
use entity::challenge_key;
use sea_orm::EntityTrait as _;
use secrecy::ExposeSecret as _;

use crate::World;

/// The keys of all challenges.
pub struct Vault(HashMap<ChallengeId, Seal>);

impl Vault {
    /// As they are now.
    pub async fn open(world: &World) -> Self {
        let rows = challenge_key::Entity::find().all(world.db()).await.unwrap();
        let keys = rows.into_iter().map(|row| {
            let key = world.app().seal.open(&key_place(row.challenge_id), &row.sealed).unwrap();
            (row.challenge_id, Seal::new([key.expose_secret().try_into().unwrap()]))
        });
        Self(keys.collect())
    }

    /// Seals as the server does.
    pub fn seal(&self, challenge: ChallengeId, place: &str, text: &str) -> String {
        self.0[&challenge].seal(place, text.as_bytes()).unwrap()
    }

    /// What is sealed there.
    pub fn read(&self, challenge: ChallengeId, place: &str, sealed: &str) -> String {
        let opened = self.0[&challenge].open(place, sealed).unwrap();
        String::from_utf8(opened.expose_secret().to_vec()).unwrap()
    }
}
