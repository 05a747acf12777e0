"""Names and colours of true positives, false negatives and false positives."""

KIND_NAMES = {"TP": "true positive", "FN": "false negative", "FP": "false positive"}
KIND_COLOURS = {"TP": "#0072B2", "FN": "#D55E00", "FP": "#009E73"}
