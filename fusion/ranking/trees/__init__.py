"""The booster's trees as arrays: fast scores and SHAP values."""
