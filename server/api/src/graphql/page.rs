//! Relay connections by the letter, over pages by key.

use app::page::Ask;
use async_graphql::Object;

/// About a page of a connection.
pub struct PageInfo {
    pub(crate) has_next: bool,
    pub(crate) has_previous: bool,
    pub(crate) start: Option<String>,
    pub(crate) end: Option<String>,
}

/// Where a page stands in its list.
#[Object]
impl PageInfo {
    /// There are items after this page.
    async fn has_next_page(&self) -> bool {
        self.has_next
    }

    /// There are items before this page.
    async fn has_previous_page(&self) -> bool {
        self.has_previous
    }

    /// Cursor of the first item; null on an empty page.
    async fn start_cursor(&self) -> Option<&String> {
        self.start.as_ref()
    }

    /// Cursor of the last item; null on an empty page.
    async fn end_cursor(&self) -> Option<&String> {
        self.end.as_ref()
    }
}

/// The four arguments of a page.
pub fn ask(first: Option<i32>, after: Option<String>, last: Option<i32>, before: Option<String>) -> Ask {
    Ask { first, after, last, before }
}

/// What a page of that size costs: one for the connection, and the selection for each item.
pub fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let size = first.or(last).and_then(|size| usize::try_from(size).ok()).unwrap_or(25).min(100);
    1 + size * child
}

/// Declares a connection with its edge, over rows of one kind; `count` counts all pages when asked.
macro_rules! connection {
    ($(#[$meta:meta])* $Connection:ident, $(#[$emeta:meta])* $Edge:ident, $Object:ident, $Row:ty, $Count:ty) => {
        $(#[$meta])*
        pub struct $Connection {
            page: app::page::Page<$Row>,
            of: $Count,
        }

        impl $Connection {
            /// A page of rows; `of` is what `totalCount` counts.
            pub fn new(page: app::page::Page<$Row>, of: $Count) -> Self {
                Self { page, of }
            }
        }

        $(#[$emeta])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $Edge {
            /// Opaque; good for `after` and `before` of the same list, filter and order.
            cursor: String,
            /// The item.
            node: $Object,
        }

        $(#[$meta])*
        #[async_graphql::Object]
        impl $Connection {
            /// The items, each with its cursor.
            async fn edges(&self) -> Vec<$Edge> {
                self.page.rows.iter().map(|(cursor, row)| $Edge { cursor: cursor.clone(), node: $Object(row.clone()) }).collect()
            }

            /// The items.
            async fn nodes(&self) -> Vec<$Object> {
                self.page.rows.iter().map(|(_, row)| $Object(row.clone())).collect()
            }

            /// Where this page stands in the list.
            async fn page_info(&self) -> crate::graphql::page::PageInfo {
                crate::graphql::page::PageInfo {
                    has_next: self.page.has_next,
                    has_previous: self.page.has_previous,
                    start: self.page.rows.first().map(|(cursor, _)| cursor.clone()),
                    end: self.page.rows.last().map(|(cursor, _)| cursor.clone()),
                }
            }

            /// How many items there are on all pages; counted only when asked for.
            async fn total_count(&self, ctx: &async_graphql::Context<'_>) -> crate::graphql::error::Result<i32> {
                let count = self.of.count(ctx).await.map_err(crate::graphql::error::Reported)?;
                Ok(i32::try_from(count).unwrap_or(i32::MAX))
            }
        }
    };
}
pub(crate) use connection;
