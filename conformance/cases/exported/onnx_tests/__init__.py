"""ONNX backend tests: a folder for each case, as the runners of ONNX runtimes take them.

``opset15/test_GROUP--NAME/`` has ``model.onnx`` with one BatchNormalization node,
``test_data_set_0/`` with its inputs and outputs, ``data.json`` with the tolerances of a runner that
knows no other kind, and beside them the whole case as raw arrays, bounds included.  ``opset9/`` has
the cases of test mode for the form that the operator had for years.
"""
