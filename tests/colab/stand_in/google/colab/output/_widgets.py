_installed_url = None
calls = 0


def enable_custom_widget_manager(version="5.0.0a"):
    global _installed_url, calls
    calls += 1
    _installed_url = "https://example.invalid/colab-cdn-widget-manager/manager.min.js"


def disable_custom_widget_manager():
    global _installed_url
    _installed_url = None
