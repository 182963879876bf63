import type { NextConfig } from "next";

import "./src/env.js";

const config: NextConfig = {};

export default config;
