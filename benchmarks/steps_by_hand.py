"""Training steps written by hand in plain Keras, one for each objective in specs/: what specc is held to.

Each function takes built models by name and a seed generator for all random draws, and returns a step, which
trains on a batch (a dictionary of fields) and returns its loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

Models = Mapping[str, keras.Model]
Step = Callable[[Mapping[str, Any]], Any]
adam = keras.optimizers.Adam


def weights_of(*models: keras.Model) -> list[Any]:
    return [weight for model in models for weight in model.trainable_variables]


def applying(optimizer: Any, weights: Sequence[Any]) -> Callable[[Any, Any], None]:
    optimizer.build(weights)

    def apply(tape: tf.GradientTape, loss: Any) -> None:
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    return apply


def normal(draws: Any, shape: Any) -> Any:
    return keras.random.normal(shape, seed=draws)


def mean_square(left: Any, right: Any) -> Any:
    return tf.reduce_mean(tf.square(left - right))


# --- autoencoders ------------------------------------------------------------------------------------------
def reconstructing(
    models: Models, seen: Callable[[Any], Any], extra: Callable[..., Any] | None = None
) -> Step:
    encoder, decoder = models["encoder"], models["decoder"]
    apply = applying(adam(2e-3), weights_of(encoder, decoder))

    def step(batch: Mapping[str, Any]) -> Any:
        image = batch["image"]
        with tf.GradientTape() as tape:
            code = encoder(seen(image), training=True)
            loss = mean_square(decoder(code, training=True), image)
            if extra is not None:
                loss += extra(code)
        apply(tape, loss)
        return loss

    return step


def autoencoder(models: Models, draws: Any) -> Step:
    return reconstructing(models, lambda image: image)


def denoising(models: Models, draws: Any) -> Step:
    return reconstructing(
        models, lambda image: tf.clip_by_value(image + 0.4 * normal(draws, tf.shape(image)), 0.0, 1.0)
    )


def sparse(models: Models, draws: Any) -> Step:
    def divergence(code: Any) -> Any:
        activity = tf.clip_by_value(tf.reduce_mean(code, axis=0), 1e-6, 1 - 1e-6)
        each = 0.05 * tf.math.log(0.05 / activity) + 0.95 * tf.math.log(0.95 / (1 - activity))
        return 0.01 * tf.reduce_sum(each)

    return reconstructing(models, lambda image: image, divergence)


def contractive(models: Models, draws: Any) -> Step:
    encoder, decoder = models["encoder"], models["decoder"]
    apply = applying(adam(2e-3), weights_of(encoder, decoder))

    def step(batch: Mapping[str, Any]) -> Any:
        image = batch["image"]
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(image)
                code = encoder(image, training=True)
            slopes = tf.reduce_sum(tf.square(inner.batch_jacobian(code, image)), axis=[1, 2, 3, 4])
            loss = mean_square(decoder(code, training=True), image) + 1e-2 * tf.reduce_mean(slopes)
        apply(tape, loss)
        return loss

    return step


def vae(models: Models, draws: Any) -> Step:
    encoder, decoder = models["encoder"], models["decoder"]
    apply = applying(adam(2e-3), weights_of(encoder, decoder))

    def step(batch: Mapping[str, Any]) -> Any:
        image = batch["image"]
        size = tf.cast(tf.shape(image)[0], tf.float32)
        with tf.GradientTape() as tape:
            found = encoder(image, training=True)
            mean, log_variance = found["mean"], found["log_variance"]
            code = mean + tf.exp(0.5 * log_variance) * normal(draws, tf.shape(mean))
            decoded = decoder(code, training=True)
            loss = tf.reduce_sum(keras.losses.binary_crossentropy(image, decoded)) / size
            each = 1 + log_variance - tf.square(mean) - tf.exp(log_variance)
            loss += -0.5 * tf.reduce_sum(each) / size
        apply(tape, loss)
        return loss

    return step


def vq_vae(models: Models, draws: Any) -> Step:
    model = models["model"]
    apply = applying(adam(2e-3), weights_of(model))

    def step(batch: Mapping[str, Any]) -> Any:
        image = batch["image"]
        with tf.GradientTape() as tape:
            out = model(image, training=True)
            loss = mean_square(out["decoded"], image)
            loss += mean_square(tf.stop_gradient(out["encoded"]), out["quantized"])
            loss += 0.25 * mean_square(out["encoded"], tf.stop_gradient(out["quantized"]))
        apply(tape, loss)
        return loss

    return step


def reconstruction(models: Models, draws: Any) -> Step:
    encoder, decoder = models["encoder"], models["decoder"]
    apply = applying(adam(2e-3), weights_of(encoder, decoder))

    def step(batch: Mapping[str, Any]) -> Any:
        image, usual = batch["image"], 1 - batch["odd"]
        with tf.GradientTape() as tape:
            decoded = decoder(encoder(image, training=True), training=True)
            error = tf.reduce_mean(tf.square(decoded - image), axis=[1, 2, 3])
            loss = tf.reduce_sum(usual * error) / tf.maximum(tf.reduce_sum(usual), 1.0)
        apply(tape, loss)
        return loss

    return step


# --- adversaries -------------------------------------------------------------------------------------------
Scores = Callable[[Any, Any], Any]


def adversarial(
    models: Models,
    draws: Any,
    critic_loss: Scores,
    generator_loss: Callable[[Any], Any],
    labelled: bool = False,
) -> Step:
    generator, critic = models["generator"], models["critic"]
    apply_critic = applying(adam(5e-4, beta_1=0.5), weights_of(critic))
    apply_generator = applying(adam(5e-4, beta_1=0.5), weights_of(generator))

    def inputs(name: str, value: Any, batch: Mapping[str, Any]) -> Any:
        return {name: value, "label": batch["label"]} if labelled else value

    def fake(batch: Mapping[str, Any]) -> Any:
        noise = normal(draws, [tf.shape(batch["image"])[0], 16])
        return generator(inputs("noise", noise, batch), training=True)

    def step(batch: Mapping[str, Any]) -> Any:
        with tf.GradientTape() as tape:
            real_score = critic(inputs("image", batch["image"], batch), training=True)
            loss = critic_loss(real_score, critic(inputs("image", fake(batch), batch), training=True))
        apply_critic(tape, loss)
        with tf.GradientTape() as tape:
            other = generator_loss(critic(inputs("image", fake(batch), batch), training=True))
        apply_generator(tape, other)
        return loss + other

    return step


def soft_critic(real: Any, fake: Any) -> Any:
    return tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))


def soft_generator(fake: Any) -> Any:
    return tf.reduce_mean(tf.nn.softplus(-fake))


def dcgan(models: Models, draws: Any) -> Step:
    return adversarial(models, draws, soft_critic, soft_generator)


def conditional(models: Models, draws: Any) -> Step:
    return adversarial(models, draws, soft_critic, soft_generator, labelled=True)


def least_squares(models: Models, draws: Any) -> Step:
    def critic_loss(real: Any, fake: Any) -> Any:
        return tf.reduce_mean(tf.square(real - 1)) + tf.reduce_mean(tf.square(fake))

    return adversarial(models, draws, critic_loss, lambda fake: tf.reduce_mean(tf.square(fake - 1)))


def hinge(models: Models, draws: Any) -> Step:
    def critic_loss(real: Any, fake: Any) -> Any:
        return tf.reduce_mean(tf.nn.relu(1 - real)) + tf.reduce_mean(tf.nn.relu(1 + fake))

    return adversarial(models, draws, critic_loss, lambda fake: -tf.reduce_mean(fake))


def auxiliary_classifier(models: Models, draws: Any) -> Step:
    generator, critic = models["generator"], models["critic"]
    apply_critic = applying(adam(5e-4, beta_1=0.5), weights_of(critic))
    apply_generator = applying(adam(5e-4, beta_1=0.5), weights_of(generator))
    telling = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def fake(batch: Mapping[str, Any]) -> Any:
        noise = normal(draws, [tf.shape(batch["image"])[0], 16])
        return generator({"noise": noise, "label": batch["label"]}, training=True)

    def step(batch: Mapping[str, Any]) -> Any:
        with tf.GradientTape() as tape:
            real = critic(batch["image"], training=True)
            loss = soft_critic(real["score"], critic(fake(batch), training=True)["score"])
            loss += telling(batch["label"], real["kind"])
        apply_critic(tape, loss)
        with tf.GradientTape() as tape:
            seen = critic(fake(batch), training=True)
            other = soft_generator(seen["score"]) + telling(batch["label"], seen["kind"])
        apply_generator(tape, other)
        return loss + other

    return step


def wgan_gp(models: Models, draws: Any) -> Step:
    generator, critic = models["generator"], models["critic"]
    apply_critic = applying(adam(5e-4, beta_1=0.0, beta_2=0.9), weights_of(critic))
    apply_generator = applying(adam(5e-4, beta_1=0.0, beta_2=0.9), weights_of(generator))

    def step(batch: Mapping[str, Any]) -> Any:
        image = batch["image"]
        size = tf.shape(image)[0]
        for _ in range(3):
            with tf.GradientTape() as tape:
                fake = generator(normal(draws, [size, 16]), training=True)
                loss = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(
                    critic(image, training=True)
                )
                mix = keras.random.uniform([size, 1, 1, 1], seed=draws)
                between = mix * image + (1 - mix) * fake
                with tf.GradientTape() as inner:
                    inner.watch(between)
                    scores = critic(between, training=True)
                slopes = tf.reduce_sum(tf.square(inner.gradient(scores, between)), axis=[1, 2, 3])
                loss += 10.0 * mean_square(tf.sqrt(slopes + 1e-12), 1.0)
            apply_critic(tape, loss)
        with tf.GradientTape() as tape:
            fake = generator(normal(draws, [size, 16]), training=True)
            other = -tf.reduce_mean(critic(fake, training=True))
        apply_generator(tape, other)
        return loss + other

    return step


def pix2pix(models: Models, draws: Any) -> Step:
    generator, critic = models["generator"], models["critic"]
    apply_critic = applying(adam(5e-4, beta_1=0.5), weights_of(critic))
    apply_generator = applying(adam(5e-4, beta_1=0.5), weights_of(generator))

    def step(batch: Mapping[str, Any]) -> Any:
        outline, image = batch["outline"], batch["image"]
        with tf.GradientTape() as tape:
            real_score = critic({"outline": outline, "image": image}, training=True)
            fake = generator(outline, training=True)
            loss = soft_critic(real_score, critic({"outline": outline, "image": fake}, training=True))
        apply_critic(tape, loss)
        with tf.GradientTape() as tape:
            fake = generator(outline, training=True)
            other = soft_generator(critic({"outline": outline, "image": fake}, training=True))
            other += 100.0 * tf.reduce_mean(tf.abs(fake - image))
        apply_generator(tape, other)
        return loss + other

    return step


def cyclegan(models: Models, draws: Any) -> Step:
    to_turned, to_upright = models["to_turned"], models["to_upright"]
    turned_critic, upright_critic = models["turned_critic"], models["upright_critic"]
    apply_generators = applying(adam(5e-4, beta_1=0.5), weights_of(to_turned, to_upright))
    apply_critics = applying(adam(5e-4, beta_1=0.5), weights_of(turned_critic, upright_critic))

    def step(batch: Mapping[str, Any]) -> Any:
        upright, turned = batch["upright"], batch["turned"]
        with tf.GradientTape() as tape:
            fake_turned, fake_upright = to_turned(upright, training=True), to_upright(turned, training=True)
            loss = mean_square(turned_critic(fake_turned, training=True), 1.0)
            loss += mean_square(upright_critic(fake_upright, training=True), 1.0)
            again = tf.reduce_mean(tf.abs(to_upright(fake_turned, training=True) - upright))
            again += tf.reduce_mean(tf.abs(to_turned(fake_upright, training=True) - turned))
            loss += 4.0 * again
        apply_generators(tape, loss)
        with tf.GradientTape() as tape:
            fake_turned, fake_upright = to_turned(upright, training=True), to_upright(turned, training=True)
            other = mean_square(turned_critic(turned, training=True), 1.0)
            other += mean_square(turned_critic(fake_turned, training=True), 0.0)
            other += mean_square(upright_critic(upright, training=True), 1.0)
            other += mean_square(upright_critic(fake_upright, training=True), 0.0)
        apply_critics(tape, other)
        return loss + other

    return step


# --- super-resolution --------------------------------------------------------------------------------------
def espcn(models: Models, draws: Any) -> Step:
    generator = models["generator"]
    apply = applying(adam(2e-3), weights_of(generator))

    def step(batch: Mapping[str, Any]) -> Any:
        with tf.GradientTape() as tape:
            loss = mean_square(generator(batch["small"], training=True), batch["image"])
        apply(tape, loss)
        return loss

    return step


def srgan(models: Models, draws: Any) -> Step:
    """The last stage: the features are known, and stay."""
    generator, critic, features = models["generator"], models["critic"], models["features"]
    apply_critic = applying(adam(2e-3), weights_of(critic))
    apply_generator = applying(adam(2e-3), weights_of(generator))

    def step(batch: Mapping[str, Any]) -> Any:
        small, image = batch["small"], batch["image"]
        with tf.GradientTape() as tape:
            large = generator(small, training=True)
            loss = soft_critic(critic(image, training=True), critic(large, training=True))
        apply_critic(tape, loss)
        with tf.GradientTape() as tape:
            large = generator(small, training=True)
            seen, wanted = features(large, training=True)["seen"], features(image, training=True)["seen"]
            other = 0.1 * mean_square(seen, wanted) + mean_square(large, image)
            other += 1e-3 * soft_generator(critic(large, training=True))
        apply_generator(tape, other)
        return loss + other

    return step


# --- others ------------------------------------------------------------------------------------------------
def distillation(models: Models, draws: Any) -> Step:
    """The last stage: the teacher stays."""
    teacher, student = models["teacher"], models["student"]
    apply = applying(adam(2e-3), weights_of(student))
    hard = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    soft = keras.losses.CategoricalCrossentropy(from_logits=True)

    def step(batch: Mapping[str, Any]) -> Any:
        known = teacher(batch["image"], training=False)
        with tf.GradientTape() as tape:
            learnt = student(batch["image"], training=True)
            loss = 0.1 * hard(batch["label"], learnt)
            loss += 0.9 * 16.0 * soft(tf.nn.softmax(known / 4.0), learnt / 4.0)
        apply(tape, loss)
        return loss

    return step


def simclr(models: Models, draws: Any) -> Step:
    """The first stage: views of one image are told from those of others."""
    encoder, projector = models["encoder"], models["projector"]
    apply = applying(adam(2e-3), weights_of(encoder, projector))
    telling = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(batch: Mapping[str, Any]) -> Any:
        size = tf.shape(batch["one"])[0]
        with tf.GradientTape() as tape:
            views = [
                projector(encoder(batch[name], training=True), training=True) for name in ("one", "other")
            ]
            both = tf.concat(views, axis=0)
            logits = tf.matmul(both, both, transpose_b=True) / 0.2 - 1e9 * tf.eye(2 * size)
            loss = telling(tf.concat([tf.range(size) + size, tf.range(size)], axis=0), logits)
        apply(tape, loss)
        return loss

    return step


def clip(models: Models, draws: Any) -> Step:
    image_encoder, text_encoder = models["image_encoder"], models["text_encoder"]
    apply = applying(adam(2e-3), weights_of(image_encoder, text_encoder))
    telling = keras.losses.CategoricalCrossentropy(from_logits=True)

    def step(batch: Mapping[str, Any]) -> Any:
        label = batch["label"]
        same = tf.cast(label[:, None] == label[None, :], tf.float32)
        wanted = same / tf.reduce_sum(same, axis=1, keepdims=True)
        with tf.GradientTape() as tape:
            seen = image_encoder(batch["image"], training=True)
            alike = tf.matmul(seen, text_encoder(batch["letters"], training=True), transpose_b=True) * 10
            loss = telling(wanted, alike) + telling(wanted, tf.transpose(alike))
        apply(tape, loss)
        return loss

    return step


def ddpm(models: Models, draws: Any) -> Step:
    net, smooth = models["net"], models["smooth"]
    apply = applying(keras.optimizers.AdamW(learning_rate=1e-3), weights_of(net))
    kept = tf.math.cumprod(1 - tf.linspace(1e-4, 0.1, 200))

    def step(batch: Mapping[str, Any]) -> Any:
        image, label = batch["image"], batch["label"]
        size = tf.shape(image)[0]
        t = keras.random.randint([size], 0, 200, seed=draws)
        a = tf.gather(kept, t)[:, None, None, None]
        noise = normal(draws, tf.shape(image))
        dropped = keras.random.uniform([size], seed=draws) < 0.1
        given = tf.where(dropped, 10, label)
        with tf.GradientTape() as tape:
            noisy = tf.sqrt(a) * image + tf.sqrt(1 - a) * noise
            found = net({"image": noisy, "t": t, "label": given}, training=True)
            loss = mean_square(found, noise)
        apply(tape, loss)
        for mine, other in zip(smooth.weights, net.weights, strict=True):
            mine.assign(mine + (1 - 0.995) * (other - mine))
        return loss

    return step
