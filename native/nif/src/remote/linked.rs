//! A bucket, as `PhoenixReplay.Native.Remote` writes it.

use std::io;
use std::time::Duration;

use replay_remote::{Address, AddressError, Bucket, Confirmed, Requests, Secret, Settings, Status};
use replay_store::{Erased, Error, Filter, Store, Tier};
use rustler::{Atom, Binary, Decoder, Encoder, Env, NifMap, NifResult, NifTaggedEnum, Term};

use super::fault_name;
use crate::terms::path_of;

mod atoms {
    rustler::atoms! {
        checkpoint_ms, eagain, invalid_option, local_max_bytes, remote, remote_opts, remote_poll_ms,
    }
}

/// The longest that a connection may take to be made.
const MAX_CONNECT: Duration = Duration::from_secs(10);

/// The fields of Elixir's struct, under their names there.
#[derive(NifMap)]
#[rustler(decode)]
struct Fields<'a> {
    address: String,
    node: String,
    endpoint: Option<String>,
    region: Option<String>,
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    session_token: Option<String>,
    environment: Vec<(String, String)>,
    sse: Option<Sse>,
    virtual_hosted: Option<bool>,
    ca_file: Option<Binary<'a>>,
    timeout_ms: u64,
    poll_ms: u64,
    local_max_bytes: Option<u64>,
    checkpoint_ms: Option<u64>,
}

/// `:aes256` or `{:kms, key}`.
#[derive(NifTaggedEnum)]
enum Sse {
    Aes256,
    Kms(String),
}

/// What a directory asks for.
#[derive(Clone)]
pub struct Wanted {
    address: String,
    options: replay_remote::Options,
    /// For `options`, and apart from them: a directory does not stop being the same when a variable
    /// changes.
    environment: Vec<(String, Secret)>,
    settings: Settings,
}

impl<'a> Decoder<'a> for Wanted {
    fn decode(term: Term<'a>) -> NifResult<Self> {
        let fields: Fields<'_> = term.decode()?;
        let timeout = Duration::from_millis(fields.timeout_ms);
        Ok(Wanted {
            address: fields.address,
            options: replay_remote::Options {
                endpoint: fields.endpoint,
                region: fields.region,
                access_key_id: fields.access_key_id.map(Secret::from),
                secret_access_key: fields.secret_access_key.map(Secret::from),
                session_token: fields.session_token.map(Secret::from),
                environment: Vec::new(),
                virtual_hosted: fields.virtual_hosted,
                sse: match fields.sse {
                    None => replay_remote::Sse::Default,
                    Some(Sse::Aes256) => replay_remote::Sse::Aes256,
                    Some(Sse::Kms(key)) => replay_remote::Sse::Kms(key),
                },
                ca_file: fields.ca_file.map(|path| path_of(&path).to_owned()),
                request_timeout: timeout,
                connect_timeout: timeout.min(MAX_CONNECT),
            },
            environment: (fields.environment.into_iter())
                .map(|(name, value)| (name, value.into()))
                .collect(),
            settings: Settings {
                node: fields.node,
                poll: Duration::from_millis(fields.poll_ms),
                local_max_bytes: fields.local_max_bytes,
                checkpoint: fields.checkpoint_ms.map(Duration::from_millis),
                timeout,
                ..Settings::default()
            },
        })
    }
}

/// The names of the options that others ask for and a directory with these does not follow.
pub fn differing(own: Option<&Wanted>, asked: Option<&Wanted>) -> Vec<Atom> {
    let (own, asked) = match (own, asked) {
        (None, None) => return Vec::new(),
        (Some(own), Some(asked)) => (own, asked),
        _ => return vec![atoms::remote()],
    };
    let (kept, other) = (&own.settings, &asked.settings);
    let differ = [
        (atoms::remote(), own.address != asked.address),
        (
            atoms::remote_opts(),
            own.options != asked.options || kept.node != other.node,
        ),
        (atoms::remote_poll_ms(), kept.poll != other.poll),
        (
            atoms::local_max_bytes(),
            kept.local_max_bytes != other.local_max_bytes,
        ),
        (atoms::checkpoint_ms(), kept.checkpoint != other.checkpoint),
    ];
    let differing = differ.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(name, _)| name).collect()
}

/// There can be no bucket like this, whatever the network does.
pub struct Refused(AddressError);

impl Encoder for Refused {
    fn encode<'a>(&self, env: Env<'a>) -> Term<'a> {
        let invalid = |option: Atom, why: String| {
            let expected = format!("such that a bucket can be used: {why}");
            (atoms::invalid_option(), option, expected).encode(env)
        };
        match &self.0 {
            AddressError::Address(why) => invalid(atoms::remote(), (*why).to_owned()),
            AddressError::Option { key, reason } => {
                invalid(atoms::remote_opts(), format!(":{key} {reason}"))
            }
            _ => atoms::eagain().encode(env),
        }
    }
}

/// A bucket that a store can be linked to.
pub struct Ready {
    bucket: Bucket,
    settings: Settings,
}

/// Makes ready to speak to a bucket, without doing so.
pub fn prepare(wanted: Option<&Wanted>) -> Result<Option<Ready>, Refused> {
    let Some(wanted) = wanted else {
        return Ok(None);
    };
    let address = Address::parse(&wanted.address).map_err(Refused)?;
    let options = replay_remote::Options {
        environment: wanted.environment.clone(),
        ..wanted.options.clone()
    };
    let bucket = Bucket::open(&address, &options).map_err(Refused)?;
    Ok(Some(Ready {
        bucket,
        settings: wanted.settings.clone(),
    }))
}

impl Ready {
    /// Begins to keep a store in step with it.
    pub fn link(self, store: &Store) -> io::Result<Link> {
        Ok(Link {
            link: replay_remote::Link::open(store, self.bucket, self.settings)?,
            tier: store.tier(),
        })
    }
}

/// A store and a bucket, kept in step.
pub struct Link {
    link: replay_remote::Link,
    tier: Tier,
}

impl Link {
    /// Whether a recording can be read without the bucket.
    pub fn is_near(&self, id: &[u8]) -> bool {
        self.tier.is_here(id)
    }

    /// Recordings that are to be uploaded.
    pub fn pending_uploads(&self) -> usize {
        self.link.status().pending_uploads
    }

    /// For `PhoenixReplay.Native.stats/1`.
    pub fn report(&self) -> Report {
        self.link.status().into()
    }

    /// Waits until all is uploaded and deleted that is to be, and returns how many uploads are left
    /// when the time is over.
    pub fn drain(&self, timeout: Duration) -> usize {
        self.link.drain(timeout).pending_uploads
    }

    /// Erases what `erase` erases here, which is what matches the filter, on all nodes.
    pub fn erase(
        &self,
        filter: &Filter,
        timeout: Duration,
        erase: impl FnOnce() -> Result<Erased, Error>,
    ) -> Result<(Erased, Nodes), Error> {
        let (erased, nodes) = self.link.erase(filter, timeout, erase)?;
        Ok((erased, nodes.into()))
    }
}

/// See `t:PhoenixReplay.Native.remote/0`.
#[derive(NifMap)]
pub struct Report {
    pending_uploads: usize,
    pending_deletes: usize,
    objects: usize,
    elsewhere: usize,
    unreadable: usize,
    complete: bool,
    away: Option<(Atom, u64)>,
    retaining: bool,
    uploaded: u64,
    requests: Asked,
}

#[derive(NifMap)]
struct Asked {
    puts: u64,
    gets: u64,
    heads: u64,
    lists: u64,
    deletes: u64,
    failed: u64,
    sent_bytes: u64,
    received_bytes: u64,
}

impl From<Status> for Report {
    fn from(status: Status) -> Self {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            pending_uploads: status.pending_uploads,
            pending_deletes: status.pending_deletes,
            objects: status.objects,
            elsewhere: status.elsewhere,
            unreadable: status.unreadable,
            complete: status.is_complete,
            away: status
                .away
                .map(|(fault, since)| (fault_name(fault), ms(since))),
            retaining: status.is_retaining,
            uploaded: status.uploaded,
            requests: status.requests.into(),
        }
    }
}

impl From<Requests> for Asked {
    fn from(requests: Requests) -> Self {
        Self {
            puts: requests.puts,
            gets: requests.gets,
            heads: requests.heads,
            lists: requests.lists,
            deletes: requests.deletes,
            failed: requests.failed,
            sent_bytes: requests.sent_bytes,
            received_bytes: requests.received_bytes,
        }
    }
}

/// Which nodes have carried out an erasure.
#[derive(NifMap)]
pub struct Nodes {
    confirmed: Vec<String>,
    waiting: Vec<String>,
}

impl From<Confirmed> for Nodes {
    fn from(confirmed: Confirmed) -> Self {
        Self {
            confirmed: confirmed.nodes,
            waiting: confirmed.waiting,
        }
    }
}
