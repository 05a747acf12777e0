"""Names and colours of found lesions, missed lesions and false alarms."""

KIND_NAMES = {"TP": "true positive", "FN": "false negative", "FP": "false positive"}
KIND_COLOURS = {"TP": "#0072B2", "FN": "#D55E00", "FP": "#009E73"}
