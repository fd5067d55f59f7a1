"""The labs as a learner meets them: in JupyterLab, in a browser, moved with mouse and keyboard."""
