//! The store: packs, index, refs and lock. It keeps opaque objects named by hash and knows nothing of rows.
//!
//! `docs/FORMAT.md`, sections 5 to 8, is the reference for its files; the rules of write and delete order are in
//! section 9.
//!
//! A writer opens a [`Store`], puts objects into a [`Session`], seals it, and publishes a manifest that needs them. A
//! reader opens it and gets objects. `gc` opens it exclusively, hands it the live set, and sweeps.

mod check;
mod closure;
mod deleted;
mod distrust;
mod frame;
mod index;
mod index_file;
mod init;
mod layout;
mod litter;
mod live;
mod manifests;
mod mend;
mod mend_small;
mod object;
mod open;
mod pack;
mod pack_files;
mod pack_writer;
mod read;
mod recall;
mod recall_manifests;
mod recompress;
mod refs;
mod salvage;
mod session;
mod sweep;
mod sweep_closure;
mod sweep_plan;
mod sweep_verification;
mod trial;
mod usage;

pub use check::{CheckReport, Damage, DamageKind};
pub use closure::{Closure, Cost, Forms, MOST_DEPTH, MOST_WEIGHT, NoSources, Verifier};
pub use deleted::{DeletedBy, SetAside};
pub use frame::MAX_OBJECT_LEN;
pub use init::Init;
pub use live::Live;
pub use manifests::MAX_MANIFEST_LEN;
pub use mend::{Mended, MendedPack};
pub use object::{Frame, NewObjects, Object, ObjectCopy, ObjectKind, Objects, StoreError, TrialObjects, Untried};
pub use open::{Access, DEFAULT_WAIT, Store};
pub use recall_manifests::{RecalledManifests, names_manifest};
pub use recompress::{ColdPack, Recompressed};
pub use refs::{Each, MAX_REF_LEN, Pin, check_name};
pub use session::{Sealed, Session};
pub use sweep::Swept;
pub use sweep_plan::{PackPlan, SweepPlan};
pub use usage::{Tally, Usage};
