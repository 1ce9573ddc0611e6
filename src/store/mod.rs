//! The store on sea-orm.
