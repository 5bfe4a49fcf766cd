//! People, and where they work.

use domain::account::PlatformRole;
use domain::id::{OrganizationId, UserId};
use domain::locale::Locale;
use domain::organization::{MembershipRole, OrganizationKind, OrganizationStatus};
use domain::text::{fold, look_alike_key, slug_from};
use entity::{membership, organization, platform_grant, session, user};

use super::{Agency, DAY, PLACES, Seed, Startup};
use crate::load::Rows;

const SURNAMES: &[&str] = &[
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô",
    "Dương", "Lý",
];
const GIVEN: &[&str] = &[
    "Minh Anh",
    "Thị Hồng",
    "Quốc Bảo",
    "Thanh Hà",
    "Đức Huy",
    "Ngọc Lan",
    "Văn Long",
    "Thùy Linh",
    "Hải Nam",
    "Mỹ Duyên",
    "Gia Khánh",
    "Bảo Trâm",
];
const TRADES: &[&str] = &[
    "Sao Mai",
    "Sơn Ca",
    "Mạch Nước",
    "Hẻm Số",
    "Diều Biển",
    "Nhịp Phố",
    "Vòng Lá",
    "Đồng Xanh",
    "Cầu Vồng",
    "Hạt Giống",
    "Bến Đỗ",
    "Tia Nắng",
];

impl Seed {
    fn person(&mut self, rows: &mut Rows, id: UserId) -> anyhow::Result<UserId> {
        let number = self.people;
        self.people += 1;
        let email = format!("person{number}@bench.example");
        let created_at = self.now.plus_seconds(-1_000 * DAY);
        rows.user.push(user::Model {
            id,
            email_key: email.clone(),
            email,
            display_name: format!("{} {}", self.dice.pick(SURNAMES)?, self.dice.pick(GIVEN)?),
            locale: if self.dice.percent(90) { Locale::Vi } else { Locale::En },
            password_hash: "*".to_owned(),
            email_verified_at: Some(created_at),
            created_at,
            updated_at: created_at,
            version: 1,
            deactivated_at: None,
            erased_at: None,
            status_reason: None,
            inbox_seq: None,
        });
        let expires_at = self.now.plus_seconds(3_650 * DAY);
        rows.session.push(session::Model {
            id: self.dice.id(),
            user_id: id,
            created_at: self.now,
            expires_at,
            ended_at: None,
            authenticated_at: Some(self.now),
            second_factor_at: None,
            last_used_at: None,
            address: None,
            client: None,
        });
        Ok(id)
    }

    fn organization(
        &mut self,
        rows: &mut Rows,
        kind: OrganizationKind,
        name: String,
        team: &[(UserId, MembershipRole)],
    ) -> OrganizationId {
        let id = self.dice.id();
        let created_at = self.now.plus_seconds(-1_000 * DAY);
        rows.organization.push(organization::Model {
            id,
            kind,
            status: OrganizationStatus::Verified,
            slug: slug_from(&name),
            name_en: Some(fold(&name)),
            name_key: look_alike_key(&name),
            name_folded: fold(&name),
            name_vi: name,
            status_reason: None,
            about_vi: None,
            about_en: None,
            website: None,
            parent_id: None,
            successor_id: None,
            valid_from: None,
            valid_until: None,
            created_by: team.first().map_or(self.officer, |(founder, _)| *founder),
            created_at,
            updated_at: created_at,
            version: 1,
        });
        for (user_id, role) in team {
            let seat = self.dice.id();
            rows.membership.push(membership::Model {
                id: seat,
                organization_id: id,
                user_id: *user_id,
                role: *role,
                created_at,
                ended_at: None,
            });
        }
        id
    }

    /// Everybody, and where they work. All that follows refers to them.
    pub fn people(&mut self) -> anyhow::Result<Rows> {
        let mut rows = Rows::default();
        let (officer, publisher, auditor) = (self.officer, self.dice.id(), self.dice.id());
        for id in [officer, publisher, auditor] {
            self.person(&mut rows, id)?;
        }
        rows.platform_grant.push(platform_grant::Model {
            user_id: auditor,
            role: PlatformRole::Auditor,
            granted_at: self.now,
        });
        let office = [(officer, MembershipRole::Officer), (publisher, MembershipRole::Publisher)];
        self.organization(
            &mut rows,
            OrganizationKind::ProgrammeOffice,
            "Sở Khoa học và Công nghệ".to_owned(),
            &office,
        );
        for number in 0..self.size.agencies() {
            let [lead, drafter] = self.two(&mut rows)?;
            let name = format!("UBND {} {number}", self.dice.pick(PLACES)?);
            let id = self.organization(
                &mut rows,
                OrganizationKind::Agency,
                name,
                &[(lead, MembershipRole::Lead), (drafter, MembershipRole::Drafter)],
            );
            self.agencies.push(Agency { id, lead });
        }
        for number in 0..self.size.startups() {
            let team = self.two(&mut rows)?;
            let name = format!("Công ty {} {} {number}", self.dice.pick(TRADES)?, self.dice.pick(PLACES)?);
            let [owner, editor] = team;
            let id = self.organization(
                &mut rows,
                OrganizationKind::Startup,
                name,
                &[(owner, MembershipRole::Owner), (editor, MembershipRole::Editor)],
            );
            self.startups.push(Startup { id, team });
        }
        for _ in 0..self.size.experts() {
            let id = self.dice.id();
            let expert = self.person(&mut rows, id)?;
            self.experts.push(expert);
        }
        Ok(rows)
    }

    fn two(&mut self, rows: &mut Rows) -> anyhow::Result<[UserId; 2]> {
        let (one, other) = (self.dice.id(), self.dice.id());
        Ok([self.person(rows, one)?, self.person(rows, other)?])
    }
}
