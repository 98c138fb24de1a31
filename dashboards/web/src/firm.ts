import { mount } from "svelte";
import App from "./App.svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import { forwardKeys } from "./state/embedding";
import { firm } from "./state/firm.svelte";

const place = document.getElementById("app");
if (place) mount(App, { target: place });
if (firm.stage) forwardKeys(firm.stage);
void firm.start();
