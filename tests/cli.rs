//! Every command through the binary, in the built-in sandbox: what it prints, its exit code, and then what the shop
//! holds. Each test has folders of its own; only what a test sets is in the environment.

#[path = "support/spec.rs"]
mod spec;

mod cli {
    mod access;
    mod catalogues;
    mod contract;
    mod coupon;
    mod event;
    mod goods {
        mod changes;
        mod files;
        mod quota;
        mod shelf;
        mod upload;
    }
    mod image;
    mod merchant;
    mod merchant_application;
    mod output;
    mod platform;
    mod promoter;
    mod run;
    mod sandbox;
    mod sharer;
    mod staff;
    mod status;
    mod vectors;
    mod world;
}
