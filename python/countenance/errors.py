class EmotionError(ValueError):
    pass
