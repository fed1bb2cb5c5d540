//! All tests that run the program or look at the whole tree, in one binary: each is linked once.

mod auth;
mod client;
mod contract;
mod coverage;
mod crash;
mod docs;
mod fields;
mod guide;
mod hostile;
mod identity;
mod kept;
mod lang;
mod licences;
mod operations;
mod packed;
mod picture;
mod profile;
mod receiver;
mod recipes;
mod rooms;
mod secrets;
mod store_contract;
mod store_crash;
mod store_samples;
mod words;

mod support {
    pub mod bank;
    pub mod filled;
    pub mod hostile;
    pub mod http;
    pub mod readings;
    pub mod spec;
    pub mod standin;
    pub mod walk;
}

/// Every command through the binary, in the built-in sandbox: what it prints, its exit code, and then what the shop
/// holds. Each test has folders of its own; only what a test sets is in the environment.
mod cli {
    mod access;
    mod aftersale;
    mod aftersale_auto;
    mod altered;
    mod catalogues;
    mod commission;
    mod contract;
    mod coupon;
    mod delivery;
    mod dispute;
    mod due;
    mod event;
    mod examples;
    mod exits;
    mod funds;
    mod goods {
        mod alike;
        #[cfg(target_os = "linux")]
        pub mod asked;
        mod changes;
        mod files;
        mod kept;
        mod limits;
        mod quota;
        mod resumed;
        mod sheets;
        mod shelf;
        mod upload;
    }
    #[cfg(target_os = "linux")]
    mod browser;
    mod help;
    mod image;
    mod merchant;
    mod merchant_application;
    mod missed;
    mod moving;
    mod odd;
    mod order;
    mod output;
    mod pay;
    mod platform;
    mod promoter;
    mod provider;
    mod pushes;
    mod replies;
    mod report;
    mod run;
    mod sandbox;
    mod screen;
    mod several;
    mod sharer;
    mod sold;
    mod staff;
    mod status;
    mod store;
    mod store_goods;
    mod store_kept;
    mod store_opening;
    mod store_rejected;
    mod store_setup;
    mod store_sheets;
    mod store_verbs;
    mod store_versions;
    #[cfg(target_os = "linux")]
    mod terminal;
    mod upgrade;
    mod vectors;
    mod world;
    mod writes;
}
