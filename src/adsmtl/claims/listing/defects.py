"""The listing's defects, each with a minimal reproduction and a control.

A reproduction repairs what the other defects break, so that it shows one of them alone. Its
control is the same program with this one thing put right. Where the control fails too, the
installation is at fault and nothing is decided. Keras is imported by the reproductions alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Finding:
    """What a reproduction saw.

    Attributes:
        reproduced: the defect is there, and the control is free of it; None where that could not
            be decided.
        error: "Type: text" of the exception that stops the listing; None where none does.
        evidence: what was run and seen.
    """

    reproduced: bool | None
    error: str | None
    evidence: str


@dataclass(frozen=True)
class Defect:
    """A defect of the listing.

    Attributes:
        what: one sentence for a reader who has not seen the listing.
        stops: whether it stops the listing.
        reproduce: shows it; imports Keras.
    """

    what: str
    stops: bool
    reproduce: Callable[[], Finding]

    @property
    def id(self) -> str:
        """Its name in `listing.json`, that of the function with hyphens."""
        return self.reproduce.__name__.replace("_", "-")


def no_timit() -> Finding:
    """The listing's second import, beside its first."""

    def timit():
        from keras.datasets import timit

        return timit

    def cifar10():
        from keras.datasets import cifar10

        return cifar10

    return _stopped("import timit from keras.datasets", timit, "import cifar10 from there", cifar10)


def integer_labels() -> Finding:
    """`fit` of the image network to class indices of shape [n, 1], as `cifar10` has them."""
    from adsmtl.claims.listing import program

    def fit(labels):
        model = program.image_model(program.shared_layer())
        model.fit(program.IMAGES, labels, verbose=0)

    return _stopped(
        "fit the image network to class indices of shape [n, 1]",
        lambda: fit(program.IMAGE_CLASS),
        "the same labels one-hot",
        lambda: fit(program.IMAGE_TARGETS),
    )


def four_axes() -> Finding:
    """`fit` of the speech network to one-hot labels, without the callback."""
    from adsmtl.claims.listing import program

    def fit(speech, *between):
        model = program.speech_model(program.shared_layer(), *between)
        model.fit(speech, program.PHONE_TARGETS, verbose=0)

    finding = _stopped(
        "fit the speech network to arrays [example, frame, band, channel]",
        lambda: fit(program.SPEECH),
        "the same with a Reshape to three axes before the LSTM",
        lambda: fit(program.SPEECH, program.frames()),
    )
    three = _error(lambda: fit(program.SPEECH[..., 0]))
    five = _error(lambda: fit(program.SPEECH[..., None]))
    return Finding(
        reproduced=finding.reproduced and three is not None and five is not None,
        error=finding.error,
        evidence=f"{finding.evidence} With arrays of three axes {_outcome(three)}; with five "
        f"{_outcome(five)}.",
    )


def no_setter() -> Finding:
    """`fit` of the image network with the callback, which sets `dropout` on the LSTM too."""
    from keras import ops

    from adsmtl.claims.listing import program

    steps = []

    def fit(on_both):
        shared = program.shared_layer()
        image, speech = program.image_model(shared), program.speech_model(shared)
        callbacks = [program.SwitchDropout([image, speech] if on_both else [image])]
        try:
            image.fit(program.IMAGES, program.IMAGE_TARGETS, callbacks=callbacks, verbose=0)
        finally:
            steps.append(int(ops.convert_to_numpy(image.optimizer.iterations)))

    finding = _stopped(
        "fit the image network to one-hot labels, with the callback on both networks",
        lambda: fit(on_both=True),
        "the callback on the image network alone, which has no LSTM",
        lambda: fit(on_both=False),
    )
    evidence = f"{finding.evidence} Steps of training: {steps[0]}, and {steps[1]} in the control."
    return replace(finding, evidence=evidence)


def ignored_attribute() -> Finding:
    """Outputs of every layer of the image network before and after the callback sets the rate."""
    from keras import layers, ops

    from adsmtl.claims.listing import program

    model = program.image_model(program.shared_layer())

    def outputs():
        """Bytes of the output of every layer and of the network, in both modes."""
        seen = []
        for training in (False, True):
            features = program.IMAGES
            for layer in model.layers:
                features = layer(features, training=training)
                seen.append(ops.convert_to_numpy(features).tobytes())
            network = model(program.IMAGES, training=training)
            seen.append(ops.convert_to_numpy(network).tobytes())
        return seen

    before = outputs()
    program.SwitchDropout([model]).on_train_begin()
    after = outputs()
    rates = [layer.dropout for layer in model.layers[:-1]]
    equal = sum(a == b for a, b in zip(before, after, strict=True))

    features = ops.convert_to_numpy(model.layers[0](program.IMAGES))
    dropped = ops.convert_to_numpy(layers.Dropout(program.RATE)(features, training=True))
    share = float((dropped[features > 0] == 0).mean())
    return Finding(
        reproduced=equal == len(before) and set(rates) == {program.RATE} and share > 0,
        error=None,
        evidence=f"The callback set dropout to {rates} on the layers of the image network but the "
        f"last. {equal} of {len(before)} outputs (each layer and the network, in inference and in "
        "training mode) are the same to the bit before and after. Control: a layer "
        f"Dropout({program.RATE}) after the shared layer zeroes {share:.0%} of its positive "
        "units in training mode.",
    )


def nothing_adapts() -> Finding:
    """The attribute at the beginning of each of three epochs, on hard and on easy labels."""
    from keras.callbacks import LambdaCallback

    from adsmtl.claims.listing import program

    def trace(targets):
        """The distinct rates of the layers as each epoch begins, and the loss of each epoch."""
        model = program.image_model(program.shared_layer())
        rates = []
        record = LambdaCallback(
            on_epoch_begin=lambda epoch, logs: rates.append(
                sorted({layer.dropout for layer in model.layers[:-1]})
            )
        )
        callbacks = [program.SwitchDropout([model]), record]
        history = model.fit(program.IMAGES, targets, epochs=3, callbacks=callbacks, verbose=0)
        return rates, [round(loss, 3) for loss in history.history["loss"]]

    hard, hard_losses = trace(program.IMAGE_TARGETS)
    easy, easy_losses = trace(program.IMAGE_TARGETS[:1].repeat(program.EXAMPLES, axis=0))
    return Finding(
        reproduced=hard == easy == [[program.RATE], [0.0], [0.0]]
        and hard_losses[-1] > easy_losses[-1],
        error=None,
        evidence="Run: three epochs of the image network, one-hot labels, with the callback on "
        f"this network. As the epochs begin, its layers have {hard} on random labels (losses "
        f"{hard_losses}). Control: on a task that is easy, one class for every image, the losses "
        f"differ ({easy_losses}) and the rates are {easy}.",
    )


def tasks_in_turn() -> Finding:
    """Loss on images before and after the second `fit`, which sees speech alone."""
    from adsmtl.claims.listing import program

    def losses(of_images, of_speech):
        """Loss on images after the fit to images, and again after the fit to speech."""
        image = program.image_model(of_images)
        speech = program.speech_model(of_speech, program.frames())
        images, targets = program.IMAGES, program.IMAGE_TARGETS
        image.fit(images, targets, verbose=0)
        first, _ = image.evaluate(images, targets, verbose=0)
        speech.fit(program.SPEECH, program.PHONE_TARGETS, verbose=0)
        second, _ = image.evaluate(images, targets, verbose=0)
        return first, second

    shared = program.shared_layer()
    first, second = losses(shared, shared)
    own_first, own_second = losses(program.shared_layer(), program.shared_layer())
    return Finding(
        reproduced=first != second and own_first == own_second,
        error=None,
        evidence="Run: the two fits, with one-hot labels and a Reshape before the LSTM. The "
        f"second sees no image, and takes the loss on images from {first:.4f} to {second:.4f} "
        "through the shared layer. Control: where each network has a convolution of its own, it "
        f"is {own_first:.4f} before and {own_second:.4f} after.",
    )


DEFECTS = (
    Defect(
        "Keras has no data set called timit, so the listing ends at its second line.",
        True,
        no_timit,
    ),
    Defect(
        "The loss categorical_crossentropy wants one-hot labels, but Keras's data sets hold class "
        "indices, so training cannot begin.",
        True,
        integer_labels,
    ),
    Defect(
        "The shared convolution puts out four axes where the LSTM behind it takes three, so no "
        "input fits the speech network.",
        True,
        four_axes,
    ),
    Defect(
        "The callback assigns to the LSTM's dropout, which cannot be assigned, so training ends "
        "as it begins.",
        True,
        no_setter,
    ),
    Defect(
        "On the other layers dropout is an attribute that nothing reads, so the callback drops no "
        "unit.",
        False,
        ignored_attribute,
    ),
    Defect(
        "The callback sets one rate for all and turns it to 0 after the first epoch, so no rate "
        "adapts to the difficulty of a task.",
        False,
        nothing_adapts,
    ),
    Defect(
        "The networks are trained one after the other and not jointly, so the shared layer learns "
        "from images alone and then from speech alone.",
        False,
        tasks_in_turn,
    ),
)


def _error(action: Callable[[], object]) -> str | None:
    """What `action` raises, as "Type: text"; None where it runs."""
    try:
        action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _outcome(error: str | None) -> str:
    return f"it raises {error.rstrip('.')}" if error else "it runs"


def _stopped(
    statement: str,
    listing: Callable[[], object],
    control_statement: str,
    control: Callable[[], object],
) -> Finding:
    """Whether `listing` raises where `control` runs."""
    error, control_error = _error(listing), _error(control)
    return Finding(
        reproduced=None if error and control_error else error is not None,
        error=error,
        evidence=f"Run: {statement}; {_outcome(error)}. Control: {control_statement}; "
        f"{_outcome(control_error)}.",
    )
