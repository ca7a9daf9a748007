"""The build setting //runtime:profile: which side wins where the document and Go contradict each other."""

def _profile_impl(ctx):
    value = ctx.build_setting_value
    if value not in ["document", "go"]:
        fail("//runtime:profile is `document` or `go`, not `%s`" % value)

profile_flag = rule(
    implementation = _profile_impl,
    build_setting = config.string(flag = True),
)
