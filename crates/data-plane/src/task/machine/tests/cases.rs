//! Single situations, told step by step.
