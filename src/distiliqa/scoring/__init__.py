"""From HU slices and a model folder to quality scores, through ONNX Runtime; never torch."""
