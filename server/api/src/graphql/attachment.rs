//! Files of challenges and proposals.

use app::attachment::{
    AnnounceUpload, Attached, RemoveAttachment, Target, complete, download_link, upload_link,
};
use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};
use domain::attachment::file_name;
use domain::id::{AttachmentId, ChallengeId, ProposalId};

use super::challenge::Challenge;
use super::context::Ask as _;
use super::enums::{AttachmentRefusal, AttachmentStatus, FileKind, PartConfidentiality};
use super::error::Result;
use super::id;
use super::payload::{Done, UserError, done, execute, found, payload};
use super::proposal::Proposal;
use super::scalar::{DateTime, Url};
use super::text::Reader;

/// A file.
#[derive(Clone)]
pub struct Attachment(pub Attached);

/// A file of a challenge, or of a proposal to one. Of a challenge everybody gets the files who knows the challenge; of a proposal its
/// team, and those who read its content, then as they were submitted.
#[Object]
impl Attachment {
    /// Opaque id.
    pub async fn id(&self) -> ID {
        id::encode(self.0.row.id)
    }

    /// Its name, at most 200 characters; where a blind call hides the applicant from you, a name of the server's.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is.
    async fn kind(&self) -> FileKind {
        self.0.kind.into()
    }

    /// Its media type (IANA), as it is sent.
    async fn media_type(&self) -> &str {
        self.0.kind.media_type()
    }

    /// Its size in bytes, as announced; 1 to 20,971,520.
    async fn size(&self) -> i32 {
        i32::try_from(self.0.row.size).unwrap_or(i32::MAX)
    }

    /// SHA-256 of its bytes, 64 lower-case hexadecimal digits; null until they are here.
    async fn sha256(&self) -> Option<&String> {
        self.0.sha256.as_ref()
    }

    /// Where it stands. Nobody but those who write there knows of one that is not `CLEAN`.
    async fn status(&self) -> AttachmentStatus {
        self.0.row.status.into()
    }

    /// Why it was refused; null unless it was.
    async fn refusal(&self) -> Option<AttachmentRefusal> {
        self.0.row.refusal.map(Into::into)
    }

    /// For whom it is; null of a file of a challenge.
    async fn confidentiality(&self) -> Option<PartConfidentiality> {
        self.0.row.proposal_id.map(|_| self.0.row.confidentiality.unwrap_or_default().into())
    }

    /// When it was announced.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.row.created_at)
    }

    /// Where you fetch it by GET, without further headers: good for 60 seconds and for your rights at that moment, so ask for it when it is
    /// clicked. Parts (`Range`) and `If-None-Match` are answered. Fetching a file of a proposal from outside its team is recorded. Null
    /// unless it is `CLEAN`.
    async fn download_url(&self, ctx: &Context<'_>) -> Result<Option<Url>> {
        Ok(download_link(ctx.app()?, &ctx.viewer()?, &self.0).map(Url))
    }
}

/// Where the bytes of a file go.
#[derive(SimpleObject)]
pub struct Upload {
    /// The address. It is a key: give it to nobody.
    url: Url,
    /// The method of HTTP: `PUT`, with the bytes of the file as its body and nothing else. Answers 204 when they are here.
    method: String,
    /// Headers to be sent along.
    headers: Vec<UploadHeader>,
    /// By when the upload has to begin.
    expires_at: DateTime,
}

/// A header of a request.
#[derive(SimpleObject)]
pub struct UploadHeader {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

/// What a file hangs on: exactly one of these.
#[derive(OneofObject)]
pub enum AttachmentTarget {
    /// A challenge of your agency, as long as you may edit it; once it is public, as long as you may amend it: the file is known to all with the next
    /// amendment, and stays.
    ChallengeId(ID),
    /// A proposal of your team, until the deadline.
    ProposalId(ID),
}

/// What `createUpload` needs.
#[derive(InputObject)]
pub struct CreateUploadInput {
    /// On what; at most 20 files and 104,857,600 bytes there.
    on: AttachmentTarget,
    /// What it is called, 5 to 200 characters, ending in pdf, png, jpg, jpeg, docx, xlsx, pptx, txt or csv.
    name: String,
    /// Its size in bytes, 1 to 20,971,520. Exactly so many have to arrive.
    size: i32,
    /// For whom it is, of a proposal: `DECISION_MAKERS_ONLY` where the rubric's `isConfidentialityAllowed`; a file is never public.
    #[graphql(default_with = "PartConfidentiality::ReviewersOnly")]
    confidentiality: PartConfidentiality,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

/// What `completeUpload` needs.
#[derive(InputObject)]
pub struct CompleteUploadInput {
    /// Which.
    attachment_id: ID,
}

/// What `removeAttachment` needs.
#[derive(InputObject)]
pub struct RemoveAttachmentInput {
    /// Which.
    attachment_id: ID,
    /// Your name for this attempt, 8 to 128 characters: a retry with it has no second effect.
    idempotency_key: Option<String>,
}

payload! {
    /// Answer of `createUpload`.
    CreateUploadPayload {
        /// The file, awaited.
        attachment: Attachment,
        /// Where its bytes go; null if they are here already.
        upload: Upload,
    }
}
payload! {
    /// Answer of `completeUpload`.
    CompleteUploadPayload {
        /// The file: `CLEAN`, or `REFUSED` with a user error.
        attachment: Attachment,
    }
}
payload! {
    /// Answer of `removeAttachment`.
    RemoveAttachmentPayload {
        /// The file that is gone.
        deleted_attachment_id: ID,
        /// The challenge that it hung on; null if it was a proposal.
        challenge: Challenge,
        /// The proposal that it hung on; null if it was a challenge.
        proposal: Proposal,
    }
}

/// Loads the file that a command left behind.
async fn after(ctx: &Context<'_>, done: Done<AttachmentId>) -> Result<(Option<Attachment>, Vec<UserError>)> {
    match done {
        Ok(id) => {
            let mut errors = Vec::new();
            let attachment = found(ctx, super::one(ctx, id).await?.map(Attachment), &mut errors)?;
            Ok((attachment, errors))
        }
        Err(errors) => Ok((None, errors)),
    }
}

fn upload(ctx: &Context<'_>, attachment: &Attachment) -> Result<Option<Upload>> {
    let link = upload_link(ctx.app()?, &ctx.viewer()?, &attachment.0);
    Ok(link.map(|(url, until)| Upload {
        url: Url(url),
        method: "PUT".to_owned(),
        headers: vec![UploadHeader {
            name: "Content-Type".to_owned(),
            value: "application/octet-stream".to_owned(),
        }],
        expires_at: DateTime(until),
    }))
}

/// Files.
#[derive(Default)]
pub struct AttachmentMutation;

/// Files.
#[Object]
impl AttachmentMutation {
    /// Announces a file of a challenge or a proposal, for those who edit it. Then send its bytes to `upload.url` within 15 minutes, and call
    /// `completeUpload`. A proposal is not submitted as long as one of its files is anything but `CLEAN`. What does not arrive within an
    /// hour is forgotten. User errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `CONFLICT`, `DEADLINE_PASSED`, `QUOTA`,
    /// `OUT_OF_RANGE`, `REQUIRED`, `TOO_LONG`, `MALFORMED`, `FORBIDDEN_CHARACTER`, `FILE_REFUSED` (of that kind none is taken).
    async fn create_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On what, and what it is.")] input: CreateUploadInput,
    ) -> Result<Option<CreateUploadPayload>> {
        let mut reader = Reader::default();
        let target = reader.within("on", |reader| match &input.on {
            AttachmentTarget::ChallengeId(id) => {
                reader.id::<ChallengeId>("challengeId", id).map(Target::Challenge)
            }
            AttachmentTarget::ProposalId(id) => {
                reader.id::<ProposalId>("proposalId", id).map(Target::Proposal)
            }
        });
        let name = reader.keep("name", file_name(&input.name));
        // What is negative is nothing, and refused as such.
        let size = u64::try_from(input.size).unwrap_or_default();
        let confidentiality = input.confidentiality.into();
        let command = target.zip(name).map(|(target, (name, _))| AnnounceUpload {
            target,
            name,
            size,
            confidentiality,
        });
        let outcome = execute(ctx, input.idempotency_key.as_ref(), reader.finish(command)).await?;
        let (attachment, user_errors) = after(ctx, outcome).await?;
        let upload = attachment.as_ref().map(|attachment| upload(ctx, attachment)).transpose()?.flatten();
        Ok(Some(CreateUploadPayload { attachment, upload, user_errors }))
    }

    /// Has a file looked at whose bytes are here, for those who edit what it hangs on: that it is what its name says, contains nothing that
    /// runs, and is known to no scanner. Repeat it as you like, as long as you may edit what it hangs on; the answer to a file that was decided stays the same. While the scanner is
    /// away the error is `UNAVAILABLE` and the file stays `QUARANTINED`. User errors: `NOT_FOUND`, `NOT_PERMITTED`,
    /// `ORGANIZATION_INACTIVE`, `CONFLICT`, `DEADLINE_PASSED`, `FILE_REFUSED`.
    async fn complete_upload(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CompleteUploadInput,
    ) -> Result<Option<CompleteUploadPayload>> {
        let mut reader = Reader::default();
        let id = reader.id("attachmentId", &input.attachment_id);
        let outcome = match reader.finish(id) {
            Ok(id) => complete(ctx.app()?, &ctx.state()?.op, id).await,
            Err(problems) => {
                let signed_in = ctx.state()?.op.user();
                signed_in.and_then(|_| Err(problems.into()))
            }
        };
        let outcome = done(ctx, outcome)?;
        let refused = outcome.as_ref().err().map_or(0, Vec::len) > 0;
        let (mut attachment, user_errors) = after(ctx, outcome).await?;
        // What was refused is shown with its refusal.
        if let Some(id) = id.filter(|_| refused) {
            let left = super::one(ctx, id).await?.map(Attachment);
            attachment = left.filter(|attachment| attachment.0.row.refusal.is_some());
        }
        Ok(Some(CompleteUploadPayload { attachment, user_errors }))
    }

    /// Takes a file away, for those who edit what it hangs on; what was published with a challenge stays. A submission that it was part of keeps it; the next one is without it. User
    /// errors: `NOT_FOUND`, `NOT_PERMITTED`, `ORGANIZATION_INACTIVE`, `CONFLICT`, `DEADLINE_PASSED`.
    async fn remove_attachment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RemoveAttachmentInput,
    ) -> Result<Option<RemoveAttachmentPayload>> {
        let mut reader = Reader::default();
        let attachment = reader.id("attachmentId", &input.attachment_id);
        let command = reader.finish(attachment.map(|attachment| RemoveAttachment { attachment }));
        let target = match execute(ctx, input.idempotency_key.as_ref(), command).await? {
            Ok(target) => target,
            Err(errors) => return Ok(Some(RemoveAttachmentPayload::refused(errors))),
        };
        let mut payload = RemoveAttachmentPayload::refused(Vec::new());
        payload.deleted_attachment_id = attachment.map(id::encode);
        match target {
            Target::Challenge(id) => payload.challenge = super::one(ctx, id).await?.map(Challenge),
            Target::Proposal(id) => payload.proposal = super::one(ctx, id).await?.map(Proposal),
        }
        Ok(Some(payload))
    }
}
