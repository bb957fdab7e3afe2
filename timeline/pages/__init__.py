"""Pictures and pages of a view: what to show, then lanes, then SVG and HTML. Neither clock nor chance comes in."""
