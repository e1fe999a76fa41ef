//! Java's calendar and time zones: dates as `java.util.GregorianCalendar` counts them, offsets and names of zones as
//! `java.util.TimeZone` has them. Pure; which zone is the process's own, its start says once.

pub mod calendar;
pub mod zone;
