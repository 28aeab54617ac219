"""Where the mistakes were seen: issue threads and documents, by a short name of the mistake."""

from __future__ import annotations

from collections.abc import Mapping

DIFFERENTIAL = (
    "Batch Normalization backpropagation using differential forms - Matrix Gradient by hand in "
    "Deep Learning (2), an article with code for the EECS 498-007 assignment 3"
)
QUESTION = "Derivative of BatchNorm2d in PyTorch, a question and its answer on Stack Overflow"
DERIVATION = "Batch Normalizationの誤差逆伝播(Backward)の導出, an article on Qiita"
ALTERNATIVE = (
    "Batch Normalization: alternative backward, a draft solution for the CS231n assignment"
)
STAGED = (
    "Understanding the backward pass through Batch Normalization Layer, a post of "
    "February 12, 2016, and its readers' comments"
)
DARKNET = "https://github.com/pjreddie/darknet/blob/master/src/blas.c"

DOCUMENTS = (DIFFERENTIAL, QUESTION, DERIVATION, ALTERNATIVE, STAGED)
"""The five documents that the family `seeds` takes its settings from."""

_SEEN: Mapping[str, tuple[str, ...]] = {
    "eval-missing-std": (DIFFERENTIAL,),
    "nan-counts-as-zero": ("FluxML/Flux.jl#2071",),
    "int32-index-overflow": ("pytorch/pytorch#197636", "tensorflow/tensorflow#38440"),
    "sync-param-grad-double-reduce": ("sony/nnabla#1120",),
    "third-order-derivative": ("pytorch/pytorch#186256", "pytorch/pytorch#196699"),
    "running-var-clamped": ("pytorch/pytorch#106605",),
    "beta-sign-flip": (ALTERNATIVE,),
    "eps-outside-sqrt": (ALTERNATIVE, "Tencent/ncnn#311", "keras-team/keras#2960", DARKNET),
    "eps-hardcoded": ("analogdevicesinc/ai8x-training#108", "qqwweee/keras-yolo3#451", STAGED),
    "eps-clamped-min": (
        "tensorflow/tensorflow#37768",
        "tensorflow/tensorflow#8090",
        "chainer/chainer#5232",
        "microsoft/onnxruntime#2680",
    ),
    "var-plus-eps-squared": ("jax-ml/jax#442",),
    "inv-variance-not-invstd": (DERIVATION, "microsoft/onnxruntime#8172"),
    "unbiased-var-in-normalise": (DARKNET, "uxlfoundation/oneDNN#517"),
    "gamma-ignored": ("apache/mxnet#9624", "apache/mxnet#3037", "apache/mxnet#1061"),
    "gamma-beta-swapped": (
        "tensorflow/tfjs#314",
        "alibaba/heterogeneity-aware-lowering-and-optimization#120",
        "Vladkryvoruchko/PSPNet-Keras-tensorflow#23",
    ),
    "eval-mean-not-subtracted": ("tenstorrent/tt-metal#5317",),
    "train-uses-running-stats": (QUESTION,),
    "train-uses-blended-stats": ("onnx/onnx#8442",),
    "eval-uses-batch-stats": ("ethanhe42/resnet-cifar10-caffe#2", "tinygrad/tinygrad#141"),
    "running-var-wrong-estimator": (
        "ml-explore/mlx#3817",
        "tenstorrent/tt-metal#55438",
        "tinygrad/tinygrad#807",
        "tensorflow/tensorflow#55545",
        "apache/mxnet#21111",
        DIFFERENTIAL,
    ),
    "momentum-swapped": (
        DIFFERENTIAL,
        "d2l-ai/d2l-en#2213",
        "Oneflow-Inc/oneflow#6055",
        "microsoft/onnxscript#1289",
        "Jermmy/pytorch-quantization-demo#17",
        "cs231n/cs231n.github.io#180",
    ),
    "running-stats-frozen": (
        "paiml/aprender#2166",
        "microsoft/onnxruntime#6349",
        "ml-explore/mlx#1960",
    ),
    "running-var-frozen": ("keras-team/keras-core#339",),
    "running-stats-overwritten": ("keras-team/keras#13117", "svishwa/crowdcount-mcnn#64"),
    "running-updated-in-eval": ("FluxML/Flux.jl#1429",),
    "running-var-includes-eps": (
        "nntrainer/nntrainer#677",
        "keras-team/keras-contrib#287",
        "chainer/chainer#7104",
        "flagos-ai/FlagGems#4885",
    ),
    "running-var-stores-std": (STAGED,),
    "bessel-uses-batch-only": ("pytorch/pytorch#22192", "mlpack/mlpack#2474"),
    "bessel-nan-single-value": (
        "pytorch/pytorch#1381",
        "FluxML/Flux.jl#1992",
        "ml-explore/mlx#3817",
        "karpathy/makemore#22",
    ),
    "dx-missing-gamma": ("denizyuret/Knet.jl#288",),
    "dx-reductions-miss-gamma": ("ooples/AiDotNet.Tensors#27",),
    "dx-local-term-misses-gamma": ("ROCm/MIOpen#104",),
    "dx-stats-constant": ("facebookresearch/CrypTen#143", "deeplearning4j/deeplearning4j#8379"),
    "dx-divides-by-batch": (QUESTION, "RubixML/ML#423"),
    "dx-dmu-unsummed": (DIFFERENTIAL,),
    "dx-scale-line-lost": (ALTERNATIVE,),
    "dx-sqrt-of-std-plus-eps": (ALTERNATIVE,),
    "eval-dx-uses-train-formula": (
        "pytorch/xla#913",
        "FluxML/NNlib.jl#548",
        "FluxML/Flux.jl#2179",
        "tensorflow/tensorflow#10857",
        "apache/mxnet#9580",
        "pytorch/pytorch#586",
    ),
    "eval-bwd-uses-batch-stats": ("torch/nn#768", "pytorch/xla#3361"),
    "eval-dx-missing-invstd": ("chainer/chainer#3479",),
    "train-bwd-uses-running-stats": (QUESTION,),
    "dgamma-uses-x": (ALTERNATIVE,),
    "dgamma-uses-y": (QUESTION,),
    "dgamma-separable": (DIFFERENTIAL,),
    "param-grads-averaged": (STAGED, "sony/nnabla#1120"),
    "param-grads-averaged-over-batch": ("NVIDIA/apex#138", STAGED),
    "dgamma-dbeta-swapped": ("NervanaSystems/ngraph#2046",),
    "param-grads-keepdim": (QUESTION,),
    "single-pass-variance": (
        "google/flax#1491",
        "tensorflow/tensorflow#3290",
        "tensorflow/tensorflow#118701",
        "tenstorrent/tt-metal#45968",
        "patrick-kidger/equinox#314",
        "keras-team/keras#18795",
        "shicai/MobileNet-Caffe#87",
    ),
    "single-pass-variance-clamped": (
        "aiUIUC/pyAIUtils#46",
        "patrick-kidger/equinox#314",
        "keras-team/keras-core#866",
    ),
    "half-accumulation": (
        "pytorch/pytorch#147353",
        "pytorch/pytorch#126525",
        "pytorch/pytorch#195701",
        "tensorflow/tensorflow#8535",
    ),
    "half-square-overflow": (
        "microsoft/tensorflow-directml-plugin#321",
        "nntrainer/nntrainer#3935",
    ),
    "eps-lost-in-half": (
        "tensorflow/tensorflow#24979",
        "pytorch/pytorch#32137",
        "lisa-lab/DeepLearningTutorials#86",
    ),
    "params-downcast-to-half": ("apple/coreai-torch#54",),
    "running-ema-in-half": ("pytorch/pytorch#70901", "NVIDIA/apex#144"),
    "saved-stats-in-half": ("chainer/chainer#6323", "cupy/cupy#2060"),
    "rsqrt-12bit": ("blue-oil/blueoil#81", "Tencent/ncnn#6903"),
    "folded-affine-cancellation": ("pytorch/pytorch#5410", "intel/torch-xpu-ops#4973"),
    "padding-counts-in-variance": ("triton-lang/triton#9838",),
    "last-partial-block-dropped": ("NVIDIA/apex#411",),
    "unweighted-chunk-merge": ("pytorch/pytorch#22192", "NVIDIA/apex#387"),
    "running-rmw-race": ("tile-ai/TileOPs#1727",),
    "missing-barrier-partial-sum": ("gittensor-ai-lab/sparkinfer#705", "JustVugg/colibri#1098"),
    "axis-ignored-channels-first": (
        "chainer/chainer#8497",
        "PaddlePaddle/Paddle#54703",
        "Oneflow-Inc/oneflow#7454",
        "intel/ipex-llm#2981",
    ),
    "input-strides-ignored": (
        "pytorch/pytorch#63224",
        "pytorch/pytorch#133520",
        "deeplearning4j/deeplearning4j#8597",
        "deeplearning4j/deeplearning4j#7261",
    ),
    "bwd-input-layout-reinterpreted": ("pytorch/pytorch#175189", "pytorch/pytorch#181411"),
    "per-activation-stats": (DERIVATION, "microsoft/onnxruntime#831"),
    "per-sample-stats": ("sonos/tract#2863", "parasdahal/deepnet#11"),
    "affine-broadcast-on-last-axis": (QUESTION, "keras-team/keras#708"),
    "count-uses-channels": ("RubixML/ML#423",),
    "running-update-clobbers-affine": (
        "microsoft/onnxruntime#29790",
        "microsoft/onnxruntime#29878",
        "tenstorrent/tt-metal#45578",
    ),
    "std-gradient-nan-constant-channel": ("keras-team/keras#2960", ALTERNATIVE),
    "gamma-none-is-zero": ("intel/ipex-llm#2012",),
    "grid-limit-65535": (
        "NVIDIA/apex#411",
        "torch/cunn#298",
        "LBANN/lbann#1610",
        "ucbrise/actnn#4",
    ),
    "persistent-mode-overflow": (
        DERIVATION,
        "PaddlePaddle/Paddle#16545",
        "PaddlePaddle/Paddle#16243",
        "sonots/cumo#339",
    ),
    "empty-batch-nan": (
        "pytorch/pytorch#12013",
        "google-deepmind/sonnet#125",
        "pytorch/pytorch#74944",
    ),
    "momentum-none-cma": ("pytorch/pytorch#194579", "pytorch/pytorch#31498"),
    "debias-divide-by-zero": ("patrick-kidger/equinox#1010",),
    "grad-mask-path": ("apache/mxnet#18499", "pytorch/pytorch#183825", "pytorch/pytorch#98794"),
    "grad-req-add-ignored": ("apache/mxnet#18499", "apache/mxnet#18492"),
    "compiled-eval-folding": ("pytorch/pytorch#181696", "pytorch/torchdynamo#1896"),
    "virtual-batch-in-eval": ("tensorflow/tensorflow#23050", "keras-team/keras#15790"),
    "inverted-activation-output": ("mapillary/inplace_abn#155",),
    "denormal-flush": ("triton-lang/triton#8557",),
    "low-precision-atomics": ("pytorch/pytorch#140913",),
    "eval-inv-std-as-variance": ("ROCm/rocm-libraries#2459",),
    "running-updated-twice": ("Tencent/YOLO-Master#262", "pytorch/pytorch#96136"),
    "running-old-forgotten": ("microsoft/onnxruntime#19742",),
    "var-includes-eps": ("microsoft/onnxruntime#19742",),
    "bessel-in-half": ("tensorflow/tensorflow#30230",),
    "uneven-shares": ("PaddlePaddle/Paddle#32464", "pytorch/pytorch#36382"),
    "gradients-zero": ("EnzymeAD/Enzyme-JAX#337",),
    "gamma-negative-clamped": ("onnxruntime/onnxruntime-qnn#140",),
    "two-epsilons": (DARKNET,),
    "mean-subtracted-twice": ("tenstorrent/tt-metal#53215",),
    "mean-subtracted-twice-in-y": ("tenstorrent/tt-metal#53215",),
    "eps-clamped-1e-5": ("shicai/DenseNet-Caffe#27",),
    "one-value-refused-in-test": ("dotnet/TorchSharp#500",),
    "view-refused-in-backward": ("braindecode/braindecode#1086",),
    "squares-overflow-in-single": ("pytorch/pytorch#162489",),
    "axes-squeezed": ("torch-points3d/torch-points3d#428",),
    "mask-ignored": (
        "tensorflow/tensorflow#30161",
        "keras-team/keras#18759",
        "keras-team/keras#14281",
        "freewym/espresso#46",
    ),
    "mask-of-fewer-axes": ("keras-team/keras#19848", "keras-team/keras#19818"),
    "transposed-convolution-folded": ("ultralytics/ultralytics#25364", "pytorch/pytorch#180995"),
    "gamma-of-four-axes": ("pytorch/pytorch#100970",),
    "statistics-of-first-step": ("ooples/AiDotNet.Tensors#722",),
    "last-axis-of-four": ("apple/coremltools#2462",),
    "wide-rows-unwritten": ("torch/cunn#205",),
    "half-sums-when-large": ("ROCm/MIOpen#1549",),
    "bfloat16-truncated": ("amd/IRON#139",),
}


def _address(source: str) -> str:
    repository, separator, number = source.partition("#")
    if separator and number.isdigit():
        return f"https://github.com/{repository}/issues/{number}"
    return source


SOURCES: Mapping[str, tuple[str, ...]] = {
    fault: tuple(_address(source) for source in seen) for fault, seen in _SEEN.items()
}
"""Addresses or names of documents for each mistake, ``owner/repository#number`` spelled out."""
