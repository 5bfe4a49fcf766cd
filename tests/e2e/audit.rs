//! The audit chain: one chain whoever writes, and no way to change it unseen.

use app::organization::CreateOrganization;
use domain::audit::Break;
use domain::organization::OrganizationKind;
use domain::text::Bilingual;
use e2e::World;
use entity::{audit_entry, audit_head};
use futures_util::future::join_all;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

fn founds(name: &str) -> CreateOrganization {
    let name = Bilingual { vi: name.to_owned(), en: None };
    CreateOrganization { kind: OrganizationKind::Startup, name, slug: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_who_write_at_once_make_one_chain() {
    let world = World::new().await;
    let mut writers = Vec::new();
    for number in 0..50 {
        let writer = world.account(&format!("founder-{number}"), "Phan Văn Sáng").await;
        writers.push((number, world.op(writer).await));
    }
    let before = audit_entry::Entity::find().count(world.db()).await.unwrap();
    let founding = writers
        .iter()
        .map(|(number, op)| world.app().execute(op, None, founds(&format!("Công ty {number}"))));
    for founded in join_all(founding).await {
        founded.unwrap();
    }
    let after = audit_entry::Entity::find().count(world.db()).await.unwrap();
    assert_eq!(after - before, 50);
    let (seq, _) = app::audit::verify(world.app(), None).await.unwrap().unwrap();
    assert_eq!(seq, i64::try_from(after).unwrap());
    world.finish().await;
}

#[tokio::test]
async fn whatever_is_done_to_the_chain_is_found_and_named() {
    let world = World::new().await;
    for name in ["an", "binh", "chi", "dung", "em"] {
        let person = world.account(name, "Người dùng").await;
        world.app().execute(&world.op(person).await, None, founds(name)).await.unwrap();
    }
    let db = world.db();
    let verdict = async |head: Option<&str>| app::audit::verify(world.app(), head).await.unwrap();
    let (length, head) = verdict(None).await.unwrap();
    assert_eq!(length, 10);
    assert_eq!(verdict(Some(&head)).await, Ok((length, head.clone())), "a published head is in the chain");

    let good = audit_entry::Entity::find().all(db).await.unwrap();
    let restore = async || {
        audit_entry::Entity::delete_many().exec(db).await.unwrap();
        e2e::rows::insert(db, good.clone()).await.unwrap();
        assert_eq!(verdict(None).await, Ok((length, head.clone())));
    };
    let entry = |seq: i64| audit_entry::Column::Seq.eq(seq);
    let change =
        |column, value: &str| audit_entry::Entity::update_many().col_expr(column, Expr::value(value));

    for column in [
        audit_entry::Column::Action,
        audit_entry::Column::Detail,
        audit_entry::Column::Hash,
        audit_entry::Column::RequestId,
    ] {
        change(column, "other").filter(entry(4)).exec(db).await.unwrap();
        assert_eq!(verdict(None).await, Err(Break::Changed { seq: 4 }), "{column:?}");
        restore().await;
    }

    audit_entry::Entity::delete_many().filter(entry(4)).exec(db).await.unwrap();
    assert_eq!(verdict(None).await, Err(Break::Gap { expected: 4, found: 5 }));
    restore().await;

    let renumber = |from: i64, to: i64| {
        audit_entry::Entity::update_many()
            .col_expr(audit_entry::Column::Seq, Expr::value(to))
            .filter(entry(from))
            .exec(db)
    };
    for (from, to) in [(4, 0), (5, 4), (0, 5)] {
        renumber(from, to).await.unwrap();
    }
    assert_eq!(verdict(None).await, Err(Break::Changed { seq: 4 }), "two entries swapped");
    restore().await;

    audit_entry::Entity::delete_many().filter(audit_entry::Column::Seq.gt(7)).exec(db).await.unwrap();
    assert_eq!(verdict(None).await, Err(Break::Truncated { last: 7, head: 10 }));

    let cut = audit_entry::Entity::find_by_id(7).one(db).await.unwrap().unwrap();
    let lower = audit_head::Entity::update_many().col_expr(audit_head::Column::Seq, Expr::value(7_i64));
    lower.col_expr(audit_head::Column::Hash, Expr::value(cut.hash)).exec(db).await.unwrap();
    assert_eq!(
        verdict(None).await.map(|(seq, _)| seq),
        Ok(7),
        "cut together with its head, the chain is whole in itself"
    );
    assert_eq!(
        verdict(Some(&head)).await,
        Err(Break::Truncated { last: 7, head: 7 }),
        "but not to who knows a published head"
    );
    world.abandon().await;
}
