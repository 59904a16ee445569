//! Part of HireSphere.
