"""Small networks with the operations that published architectures have, one idea each."""

import torch
from torch import nn
from torch.nn import functional


def convolution(inputs: int, outputs: int, kernel: int = 3) -> nn.Conv3d:
    return nn.Conv3d(inputs, outputs, kernel, padding=kernel // 2)


class Between(nn.Module):
    """Two convolutions, and between them what the architecture is about."""

    def __init__(self):
        super().__init__()
        self.first, self.last = convolution(2, 4), convolution(4, 2, 1)

    def forward(self, image):
        return self.last(self.middle(self.first(image)))


class SqueezeAndExcitation(Between):
    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Linear(4, 3), nn.Linear(3, 4)

    def middle(self, x):
        gate = self.up(functional.leaky_relu(self.down(x.mean((2, 3, 4))))).sigmoid()
        return x * gate.view(1, 4, 1, 1, 1)


class GridAttention(Between):
    def __init__(self):
        super().__init__()
        self.coarse = nn.Conv3d(4, 1, 2, 2)

    def middle(self, x):
        gate = torch.sigmoid(self.coarse(x))
        return x * (1 + functional.interpolate(gate, scale_factor=2, mode="trilinear"))


class ConvNeXt(Between):
    """Hand-written layer norm, linear layers, GELU and global response normalisation."""

    def __init__(self):
        super().__init__()
        self.depthwise = nn.Conv3d(4, 4, 3, padding=1, groups=4)
        self.up, self.down = nn.Linear(4, 8), nn.Linear(8, 4)
        self.scale = nn.Parameter(torch.randn(4))
        self.gamma, self.beta = nn.Parameter(torch.randn(8)), nn.Parameter(torch.randn(8))

    def middle(self, x):
        y = self.depthwise(x)
        centred = y - y.mean(1, keepdim=True)
        y = centred / torch.sqrt(centred.pow(2).mean(1, keepdim=True) + 1e-6)
        y = functional.gelu(self.up((self.scale[:, None, None, None] * y).movedim(1, -1)))
        size = torch.norm(y, p=2, dim=(1, 2, 3), keepdim=True)
        y = self.gamma * (y * (size / (size.mean(-1, keepdim=True) + 1e-6))) + self.beta + y
        return x + self.down(y).movedim(-1, 1)


class RootsAndDeviations(Between):
    def middle(self, x):
        variance, mean = torch.var_mean(x, dim=(2, 3, 4), keepdim=True, correction=0)
        return (x - mean) * torch.rsqrt(variance + 1e-5) + x / (x.std(1, keepdim=True) + 0.1)


class Attention(Between):
    """Three ways to write attention, with a causal mask of minus infinity in one of them."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(4, 12)
        self.heads = nn.MultiheadAttention(4, 2, batch_first=True)
        self.block = nn.TransformerEncoderLayer(4, 2, 6, batch_first=True, norm_first=True)

    def middle(self, x):
        t = x[:, :, ::2, ::2, ::2].flatten(2).transpose(1, 2)
        q, k, v = (part[:, None] for part in self.qkv(t).chunk(3, -1))
        t = t + functional.scaled_dot_product_attention(q, k, v, is_causal=True)[:, 0]
        t = self.block(t + self.heads(t, t, t, need_weights=False)[0])
        size = [length // 2 for length in x.shape[2:]]
        return x + functional.interpolate(t.transpose(1, 2).reshape(1, 4, *size), scale_factor=2)


class WindowedAttention(Between):
    """Windows in the batch axis, shifted, with a bias looked up by position."""

    def __init__(self):
        super().__init__()
        self.qkv, self.table = nn.Linear(4, 12), nn.Parameter(torch.randn(15, 1))
        position = torch.arange(8)
        self.register_buffer("index", position[:, None] - position[None] + 7)

    def middle(self, x):
        d, h, w = (length // 2 for length in x.shape[2:])
        y = torch.roll(x, (-1, -1, -1), (2, 3, 4)).view(1, 4, d, 2, h, 2, w, 2)
        y = y.permute(0, 2, 4, 6, 3, 5, 7, 1).reshape(-1, 8, 4)
        q, k, v = self.qkv(y).reshape(-1, 8, 3, 4).permute(2, 0, 1, 3).unbind(0)
        bias = self.table[self.index.view(-1)].view(8, 8)
        attention = torch.einsum("bic,bjc->bij", q, k) / 2 + bias
        mask = torch.zeros_like(attention)
        mask[-1, :4, 4:] = -torch.inf
        y = torch.bmm((attention + mask).softmax(-1), v)
        y = y.view(1, d, h, w, 2, 2, 2, 4).permute(0, 7, 1, 4, 2, 5, 3, 6).reshape(x.shape)
        return x + torch.roll(y, (1, 1, 1), (2, 3, 4))


class HandWrittenSoftmax(Between):
    def middle(self, x):
        t = x[:, :, ::2, ::2, ::2].flatten(2).transpose(1, 2)
        scores = t @ t.transpose(1, 2)
        future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(future, float("-inf"))
        powers = torch.exp(scores - scores.max(-1, keepdim=True)[0])
        t = (powers / powers.sum(-1, keepdim=True)) @ t
        size = [length // 2 for length in x.shape[2:]]
        return x + functional.interpolate(t.transpose(1, 2).reshape(1, 4, *size), scale_factor=2)


class BatchStatistics(Between):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm3d(4, track_running_stats=False)

    def middle(self, x):
        return functional.leaky_relu(self.norm(x))


class Unpooling(Between):
    def middle(self, x):
        largest, index = functional.max_pool3d(x, 2, return_indices=True)
        return x + functional.max_unpool3d(functional.leaky_relu(largest), index, 2)


class MaskedStandardisation(Between):
    """Standardises its input inside a mask of bright voxels."""

    def forward(self, image):
        mask = (image > -0.5).float()
        count = mask.sum((2, 3, 4), keepdim=True).clamp(min=1)
        mean = (image * mask).sum((2, 3, 4), keepdim=True) / count
        image = torch.where(mask > 0, image - mean, torch.zeros_like(image))
        return self.last(functional.leaky_relu(self.first(image / image.std())))


class PixelShuffle(Between):
    def __init__(self):
        super().__init__()
        self.coarse = nn.Conv3d(4, 32, 2, 2)

    def middle(self, x):
        y = self.coarse(x)
        size = y.shape[2:]
        y = y.view(1, 4, 2, 2, 2, *size).permute(0, 1, 5, 2, 6, 3, 7, 4).contiguous()
        return x + y.view(x.shape)


class Ensemble(nn.Module):
    """Members and their mirror images, averaged in two ways."""

    def __init__(self):
        super().__init__()
        self.members = nn.ModuleList(
            nn.Sequential(convolution(2, 3), nn.LeakyReLU(), convolution(3, 2)) for _ in range(2)
        )

    def forward(self, image):
        mirrored = [member(image.flip(2)).flip(2) for member in self.members]
        stacked = torch.stack([member(image) for member in self.members]).mean(0)
        return stacked + torch.cat(mirrored).mean(0, keepdim=True)


class EncoderPerSequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoders = nn.ModuleList(convolution(1, 3) for _ in range(2))
        self.last = convolution(6, 2)

    def forward(self, image):
        pairs = zip(self.encoders, image.split(1, 1), strict=True)
        return self.last(torch.cat([functional.leaky_relu(e(x)) for e, x in pairs], 1))


class Extremes(Between):
    def __init__(self):
        super().__init__()
        self.rrelu = nn.RReLU()

    def middle(self, x):
        gate = functional.hardsigmoid(x.mean((2, 3, 4), keepdim=True))
        return self.rrelu(x) * gate + torch.maximum(x, x.flip(2)) + torch.minimum(x, -x)


class ChannelAndSpatialAttention(Between):
    def __init__(self):
        super().__init__()
        self.channels, self.space = nn.Conv1d(1, 1, 3, padding=1), convolution(2, 1)

    def middle(self, x):
        pooled = x.mean((2, 3, 4)) + functional.adaptive_max_pool3d(x, 1).flatten(1)
        x = x * self.channels(pooled[:, None])[:, 0].sigmoid()[..., None, None, None].expand_as(x)
        maps = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]], 1)
        return x * self.space(maps).sigmoid()


class NormedWeights(Between):
    """Weight norm, spectral norm, and a layer that is used twice."""

    def __init__(self):
        super().__init__()
        self.first = nn.utils.parametrizations.weight_norm(self.first)
        self.last = nn.utils.parametrizations.spectral_norm(self.last)
        self.shared = convolution(4, 4)

    def middle(self, x):
        return self.shared(functional.elu(self.shared(x)))


class Assignments(Between):
    """In-place changes and a product of two signals: without a baseline it has no rule."""

    def middle(self, x):
        y = torch.zeros_like(x)
        y[:, :2] = x[:, 2:] * x[:, :2]
        y[:, 2:, 1:] = x[:, 2:, :-1]
        y += 1
        return functional.leaky_relu(y, inplace=True)


class SoftmaxAsSignal(Between):
    def middle(self, x):
        return (
            x.log_softmax(1) + x.logsumexp(1, keepdim=True) + functional.normalize(x) + x.softmax(1)
        )


class SecondNames(Between):
    """Operations under the second names that PyTorch has for them."""

    def middle(self, x):
        joined = torch.concat([x, torch.concatenate([x, x], 1), torch.hstack([x])], 1)
        y = torch.multiply(torch.clip(joined, -1, 1), 2).divide(3).true_divide(2).subtract(1)
        y = y * torch.special.expit(joined) + torch.negative(torch.arctan(joined))
        return torch.tensor_split(y, 4, 1)[0] + y[:, 4:8].tile(1, 1, 1, 1) + y[:, 12:].absolute()


NEED_A_BASELINE = (Assignments, SoftmaxAsSignal)
ARCHITECTURES = (
    SqueezeAndExcitation, GridAttention, ConvNeXt, RootsAndDeviations, Attention,
    WindowedAttention, HandWrittenSoftmax, BatchStatistics, Unpooling, MaskedStandardisation,
    PixelShuffle, Ensemble, EncoderPerSequence, Extremes, ChannelAndSpatialAttention,
    NormedWeights, SecondNames, *NEED_A_BASELINE,
)  # fmt: skip
