//! Verbs of `wxsell funds` that are one call.

use super::{Ask, Field, Places, verbs};

const BANK: &[(&str, &str)] = &[
    ("account_bank", "BANK"),
    ("bank_name", "FULL NAME"),
    ("bank_code", "CODE"),
    ("bank_id", "NUMBER"),
    ("need_branch", "NEEDS A BRANCH"),
];

pub const ACCOUNT_NUMBER: Field = Field("account_info.account_number");
pub const ACCOUNT_BANK: Field = Field("account_info.account_bank");
pub const ACCOUNT_KIND: Field = Field("account_info.bank_account_type");
pub const ACCOUNT_PLACE: Field = Field("account_info.bank_address_code");
pub const ACCOUNT_BRANCH: Field = Field("account_info.bank_branch_id");
pub const ACCOUNT_BANK_NAME: Field = Field("account_info.bank_name");
pub const BANK_TITLE: Field = Field("bank_name");
pub const BANK_SHORT: Field = Field("account_bank");
pub const BANK_CODE: Field = Field("bank_code");
pub const NEEDS_BRANCH: Field = Field("need_branch");
pub const PROVINCE: Field = Field("province_name");
pub const PROVINCE_CODE: Field = Field("province_code");
pub const CITY: Field = Field("city_name");
pub const CITY_CODE: Field = Field("city_code");
pub const PLACE: Field = Field("bank_address_code");
pub const BRANCH: Field = Field("branch_name");
pub const BRANCH_ID: Field = Field("branch_id");
pub const AVAILABLE: Field = Field("balance_info.available_amount");
pub const PENDING: Field = Field("balance_info.pending_amount");
pub const TICKET: Field = Field("qrcode_ticket");
pub const PICTURE: Field = Field("qrcode_buf");
pub const WITHDRAWAL_STATE: Field = Field("status");
pub const CODE_STATE: Field = Field("status");
pub const SCANNED_BY: Field = Field("scan_user_type");
/// Kinds of account.
pub const BUSINESS: &str = "ACCOUNT_TYPE_BUSINESS";
pub const PRIVATE: &str = "ACCOUNT_TYPE_PRIVATE";
pub const CARD: Field = Field("account_number");
pub const FLOW_NUMBER: Field = Field("funds_flow_id");
/// The same as the payment-management service names it.
pub const FLOW_NUMBER_OF_SERVICE: Field = Field("funds_flow_no");
pub const DAY: Field = Field("date");
pub const REQUEST_NUMBER: Field = Field("out_request_no");
pub const DETAILS: Field = Field("withdraw_info");
pub const AMOUNT: Field = Field("amount");
pub const REMARK: Field = Field("remark");
pub const MEMO: Field = Field("bank_memo");

/// Where the options of an account stand.
pub const ACCOUNT: Places = &[
    ("kind", "account_info.bank_account_type"),
    ("bank", "account_info.account_bank"),
    ("address_code", "account_info.bank_address_code"),
    ("branch_id", "account_info.bank_branch_id"),
    ("branch_name", "account_info.bank_name"),
];

/// Where the options of a search for banks stand.
const SEARCH: Places = &[("keyword", "key_words"), ("kind", "bank_type")];

verbs! {
    BALANCE = Ask::new("funds balance", "/shop/funds/getbalance").shows(
        "balance_info",
        &[
            ("available_amount", "AVAILABLE"),
            ("pending_amount", "NOT SETTLED YET"),
        ],
    );
    FLOWS = Ask::new("funds flows", "/shop/funds/scanorderflow").shows("funds_flow_ids", &[]);
    FLOW = Ask::new("funds flow", "/shop/funds/getorderflow").shows(
        "funds_flow",
        &[
            ("funds_flow_id", "NUMBER"),
            ("bookkeeping_time", "TIME"),
            ("type", "TYPE"),
            ("flow_type", "DIRECTION"),
            ("amount", "AMOUNT"),
            ("balance", "BALANCE AS WRITTEN"),
            ("busi_type", "BUSINESS"),
            ("request_no", "BELONGS TO"),
        ],
    );
    WITHDRAWALS = Ask::new("funds withdrawals", "/shop/funds/scanwithdraw").shows("out_request_nos", &[]);
    WITHDRAWAL = Ask::new("funds withdrawal", "/shop/funds/getwithdrawdetail").shows(
        "withdraw_info",
        &[
            ("amount", "AMOUNT"),
            ("status", "STATE"),
            ("reason", "REASON"),
            ("bank_name", "BANK"),
            ("bank_num", "ACCOUNT"),
            ("remark", "NOTE"),
            ("bank_memo", "ON THE BANK STATEMENT"),
            ("create_time", "CREATED"),
            ("update_time", "CHANGED"),
        ],
    );
    NEW_CODE = Ask::new("funds qrcode new", "/shop/funds/qrcode/gen")
        .shows("", &[("qrcode_ticket", "TICKET")]);
    SHOW_CODE = Ask::new("funds qrcode show", "/shop/funds/qrcode/get");
    CHECK_CODE = Ask::new("funds qrcode check", "/shop/funds/qrcode/check").shows(
        "",
        &[("status", "STATE"), ("self_check_err_msg", "PROBLEM")],
    );
    WITHDRAW = Ask::new("funds withdraw", "/shop/funds/submitwithdraw").shows(
        "",
        &[("out_request_no", "NUMBER"), ("qrcode_ticket", "TICKET")],
    );
    BANK_SHOW = Ask::new("funds bank-account show", "/shop/funds/getbankaccount").shows(
        "",
        &[
            ("account_info.account_bank", "BANK"),
            ("account_info.account_number", "ACCOUNT"),
            ("account_info.bank_account_type", "KIND"),
            ("account_info.bank_address_code", "ADDRESS CODE"),
            ("verify_fail_reason", "PROBLEM"),
        ],
    );
    BANK_SET = Ask::new("funds bank-account set", "/shop/funds/setbankaccount")
        .look_up("funds bank-account show").takes(ACCOUNT);
    BANKS = Ask::new("funds banks", "/shop/funds/getbanklist").shows("data", BANK).takes(SEARCH);
    BANKS_OF_CARD = Ask::new("funds banks", "/shop/funds/getbankbynum").shows("data", BANK);
    PROVINCES = Ask::new("funds provinces", "/shop/funds/getprovince").shows(
        "data",
        &[("province_code", "CODE"), ("province_name", "PROVINCE")],
    );
    CITIES = Ask::new("funds cities", "/shop/funds/getcity").shows(
        "data",
        &[
            ("city_code", "CODE"),
            ("city_name", "CITY"),
            ("bank_address_code", "ADDRESS CODE"),
        ],
    );
    BRANCHES = Ask::new("funds branches", "/shop/funds/getsubbranch")
        .shows(
            "data",
            &[("branch_id", "NUMBER"), ("branch_name", "BRANCH")],
        )
        .with_fields(&[
            "account_bank",
            "account_bank_code",
            "bank_alias",
            "bank_alias_code",
        ]);
}
