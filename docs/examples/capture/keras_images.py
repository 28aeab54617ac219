"""A small network on synthetic images; `conformance capture keras_images.py:prepare`."""

import keras
import numpy as np


def prepare(policy="float32"):
    """A model and one step of its training, run eagerly: values are not seen in a compiled one."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    model = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            keras.layers.Conv2D(8, 3, padding="same", use_bias=False),
            keras.layers.BatchNormalization(name="first"),
            keras.layers.ReLU(),
            keras.layers.Conv2D(8, 3, padding="same", use_bias=False),
            keras.layers.BatchNormalization(name="second", scale=False, momentum=0.9),
            keras.layers.ReLU(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1),
        ],
        name="images",
    )
    keras.config.set_dtype_policy("float32")
    model.compile("sgd", "mse", run_eagerly=True)
    drawn = np.random.default_rng(0)
    images = drawn.normal(size=(16, 12, 12, 3)).astype(np.float32)
    wanted = drawn.normal(size=(16, 1)).astype(np.float32)
    return model, lambda: model.train_on_batch(images, wanted)


def prepare_mixed():
    """The same in bfloat16 with parameters of float32."""
    return prepare("mixed_bfloat16")
