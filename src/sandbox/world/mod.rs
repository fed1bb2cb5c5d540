//! What happens in a shop, whatever it is called on the wire: knows no path, no errcode and no field name.

pub mod goods;
