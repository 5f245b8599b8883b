"""Who is in the held-out sets of the full TIMIT corpus (all from its TEST part)."""

TRAINING_SPEAKERS = 462

#: Core test set, table 1 of TIMIT's testset.doc: two men and a woman of each dialect region.
CORE_TEST: tuple[str, ...] = (
    *("mdab0", "mwbt0", "felc0"),
    *("mtas1", "mwew0", "fpas0"),
    *("mjmp0", "mlnt0", "fpkt0"),
    *("mlll0", "mtls0", "fjlm0"),
    *("mbpm0", "mklt0", "fnlp0"),
    *("mcmj0", "mjdh0", "fmgd0"),
    *("mgrt0", "mnjm0", "fdhc0"),
    *("mjln0", "mpam0", "fmld0"),
)

#: Development set of Halberstadt, "Heterogeneous acoustic measurements and multiple classifiers
#: for speech recognition", PhD thesis, MIT, 1998; the list that speech recipes have used since.
DEVELOPMENT: tuple[str, ...] = (
    *("faks0", "fdac1", "fjem0", "mgwt0", "mjar0", "mmdb1", "mmdm2", "mpdf0", "fcmh0", "fkms0"),
    *("mbdg0", "mbwm0", "mcsh0", "fadg0", "fdms0", "fedw0", "mgjf0", "mglb0", "mrtk0", "mtaa0"),
    *("mtdt0", "mthc0", "mwjg0", "fnmr0", "frew0", "fsem0", "mbns0", "mmjr0", "mdls0", "mdlf0"),
    *("mdvc0", "mers0", "fmah0", "fdrw0", "mrcs0", "mrjm4", "fcal1", "mmwh0", "fjsj0", "majc0"),
    *("mjsw0", "mreb0", "fgjd0", "fjmg0", "mroa0", "mteb0", "mjfc0", "mrjr0", "fmml0", "mrws1"),
)
