from hypothesis import settings

# a busy machine makes slow examples; how slow is not what the properties are about
settings.register_profile("reid", deadline=None)
settings.load_profile("reid")
